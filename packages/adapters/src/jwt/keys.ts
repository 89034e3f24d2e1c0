import { WardkeepError } from "@wardkeep/core"
import { jose } from "./jose.js"
import type { KeySet } from "./key-set.js"

type Jose = typeof import("jose")
type Keys = ReturnType<Jose["createRemoteJWKSet"]> | ReturnType<Jose["createLocalJWKSet"]>

/** Milliseconds; as long as `jose` waits for keys. */
const patience = 5_000

/** Where keys come from, asked once and again after a failure. An unknown key is looked for at most every 30 s, by `jose`. */
export function keysOf(issuer: string, given: string | KeySet | undefined): () => Promise<Keys> {
  const address = given === undefined ? undefined : typeof given === "string" ? safe(given) : undefined
  if (given === undefined) safe(issuer)
  let found: Promise<Keys> | undefined
  const find = async (): Promise<Keys> => {
    const { createLocalJWKSet, createRemoteJWKSet } = await jose()
    if (typeof given === "object")
      return createLocalJWKSet({ keys: given.keys.map(({ kty = "", ...key }) => ({ kty, ...key })) })
    return createRemoteJWKSet(address ?? (await discovered(issuer)), { timeoutDuration: patience })
  }
  return async () => {
    found ??= find()
    try {
      return await found
    } catch (error) {
      found = undefined
      throw error
    }
  }
}

/** OpenID Connect Discovery 1.0, section 4: the document must name the issuer that was asked, or it is another's. */
async function discovered(issuer: string): Promise<URL> {
  const address = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`)
  let document: { issuer?: unknown; jwks_uri?: unknown } | null
  try {
    const answer = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(patience) })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    document = (await answer.json()) as typeof document
  } catch (cause) {
    throw new WardkeepError("WK757", { message: "the discovery document could not be read", cause })
  }
  if (document?.issuer !== issuer || typeof document.jwks_uri !== "string")
    throw new WardkeepError("WK757", { message: "the discovery document names another issuer, or no keys" })
  return safe(document.jwks_uri)
}

const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"])

/** Keys that come in clear can be exchanged on the way, and with them everybody's tokens. */
function safe(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === "https:" || (url?.protocol === "http:" && loopback.has(url.hostname))) return url
  throw new WardkeepError("WK009", {
    message: "keys are fetched by https only, but for the loopback address",
    hint: "Name the provider by its https address, or hand over its keys as `keys`.",
  })
}
