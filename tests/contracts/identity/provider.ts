import { createHash, randomBytes } from "node:crypto"
import type { RequestListener } from "node:http"
import type { JWK } from "jose"
import Provider from "oidc-provider"
import { Browser, loopback } from "./loopback.ts"

const client = { id: "clinic", secret: randomBytes(16).toString("hex"), redirect: "http://127.0.0.1/signed-in" }

export interface OidcProvider {
  readonly issuer: string
  readonly clientId: string
  /** The whole code flow with PKCE, as a browser and the application's server walk it; the ID token at its end. */
  signIn(nonce: string): Promise<string>
}

/** A real OpenID Connect provider on the loopback address, which asks nobody: `actor` signs in with two factors. */
export async function oidcProvider(key: JWK, actor: string): Promise<OidcProvider> {
  const issuer = await loopback((origin) => listener(origin, key, actor))
  const back = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}`
  return {
    issuer,
    clientId: client.id,
    signIn: async (nonce) => {
      const verifier = randomBytes(32).toString("base64url")
      const state = randomBytes(8).toString("hex")
      const asked = new URLSearchParams({
        client_id: client.id,
        response_type: "code",
        redirect_uri: client.redirect,
        scope: "openid",
        state,
        nonce,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      })
      const arrived = await walk(new URL(`${issuer}/auth?${asked}`))
      if (arrived.searchParams.get("state") !== state) throw new Error(`the flow ended at ${arrived}`)
      const answer = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: { authorization: back },
        body: new URLSearchParams({
          grant_type: "authorization_code",
          code: arrived.searchParams.get("code") ?? "",
          redirect_uri: client.redirect,
          code_verifier: verifier,
        }),
      })
      return ((await answer.json()) as { id_token: string }).id_token
    },
  }
}

function listener(issuer: string, key: JWK, actor: string): RequestListener {
  const provider = new Provider(issuer, {
    clients: [
      { client_id: client.id, client_secret: client.secret, redirect_uris: [client.redirect], require_auth_time: true },
    ],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    claims: { openid: ["sub", "amr", "acr"] },
    ttl: { Interaction: 60, Grant: 60, Session: 60, AccessToken: 60, IdToken: 600, AuthorizationCode: 60 },
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => "/interaction" },
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
  })
  const answer = provider.callback()
  return (request, response) => {
    if (request.url?.startsWith("/interaction") !== true) return void answer(request, response)
    const finish = async (): Promise<void> => {
      const { params } = await provider.interactionDetails(request, response)
      const grant = new provider.Grant({ accountId: actor, clientId: params.client_id })
      grant.addOIDCScope("openid")
      const login = { accountId: actor, amr: ["pwd", "otp", "mfa"], acr: "two" }
      await provider.interactionFinished(request, response, { login, consent: { grantId: await grant.save() } })
    }
    finish().catch((error: unknown) => response.destroy(error as Error))
  }
}

/** Follows redirects with cookies until one leads back to the application. */
async function walk(from: URL): Promise<URL> {
  const browser = new Browser()
  let at = from
  for (let step = 0; step < 8; step++) {
    const answer = browser.keep(await fetch(at, { redirect: "manual", headers: browser.headers }))
    const next = answer.headers.get("location")
    if (next === null)
      throw new Error(`${at.pathname} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
    at = new URL(next, at)
    if (at.href.startsWith(client.redirect)) return at
  }
  throw new Error("the flow does not end")
}
