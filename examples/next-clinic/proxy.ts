import { randomBytes } from "node:crypto"
import { type NextRequest, NextResponse } from "next/server"

/** Only scripts that this answer names may run, and nothing is asked of another address. Next puts the nonce on its own. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = randomBytes(16).toString("base64")
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ")
  const headers = new Headers(request.headers)
  headers.set("content-security-policy", policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set("content-security-policy", policy)
  response.headers.set("cache-control", "private, no-store")
  response.headers.set("referrer-policy", "no-referrer")
  response.headers.set("x-content-type-options", "nosniff")
  response.headers.set("permissions-policy", "camera=(), geolocation=(), microphone=()")
  return response
}

export const config = { matcher: "/((?!_next/static).*)" }
