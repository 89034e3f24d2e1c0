/**
 * An OpenID Connect provider, by `jose` 6: from the ID token at the end of the code flow to who signed in.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import { identityOf, type JwtOptions, verifiedClaims } from "../jwt/claims.js"
import type { Identity } from "../sessions/index.js"

export type { Claims, KeySet, SecondFactor } from "../jwt/index.js"
export { actorOf, type Identity } from "../sessions/index.js"

export interface OidcOptions extends Pick<JwtOptions, "issuer" | "keys" | "actor" | "secondFactor"> {
  readonly clientId: string
}

/**
 * Tells who an ID token is for. The code flow is your client library's; hand over the `nonce` that you sent with the request,
 * without which somebody else's token could be slipped in. Then issue the session, once, for as long as your own sign-in lasts:
 * `ttl` is the rest of the ID token, often an hour or less.
 *
 * @throws as `jwtIdentity` · for a token also WK756 another nonce, or made for another client
 * @example
 * const identify = oidcIdentity({ issuer: "https://id.example.in", clientId })
 * const session = await issuer.issueSession({ ...(await identify(tokens.id_token, { nonce })), assignments, ttl: "PT8H" })
 */
export function oidcIdentity(
  options: OidcOptions,
): (idToken: string, expected: { readonly nonce: string }) => Promise<Identity> {
  const jwt: JwtOptions = { ...options, audience: options.clientId }
  const claims = verifiedClaims(jwt)
  return async (idToken, { nonce }) => {
    const found = await claims(idToken)
    // Undefined where a browser lost what it was sent with, and a token without one would fit.
    if (typeof nonce !== "string" || nonce === "" || found.nonce !== nonce)
      throw new WardkeepError("WK756", { message: "the token's nonce is not that of this sign-in" })
    // OpenID Connect Core 1.0, section 3.1.3.7: whom the token was issued to, where it says so or has several audiences.
    const { azp = Array.isArray(found.aud) && found.aud.length > 1 ? undefined : options.clientId } = found
    if (azp !== options.clientId)
      throw new WardkeepError("WK756", { message: "the token was issued to another client" })
    return identityOf(found, idToken, jwt)
  }
}
