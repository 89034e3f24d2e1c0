import { cookies } from "next/headers"
import { cookieName } from "@/clinic/cookies"
import { parts } from "@/clinic/parts"
import { backTo, isOwn } from "@/clinic/posted"

export async function POST(request: Request): Promise<Response> {
  if (!isOwn(request)) return new Response(null, { status: 403 })
  const jar = await cookies()
  const login = parts.logins.peek(jar.get(cookieName)?.value)
  if (login !== undefined) {
    parts.logins.forget(login.session.id)
    await parts.issuer.endSession(login.session.id, "logout")
  }
  jar.delete(cookieName)
  const response = backTo("/sign-in")
  response.headers.set("clear-site-data", '"cache"')
  return response
}
