/**
 * A plain JWT with the keys of who signs it (JWKS), by `jose` 6: from a bearer token to who asks.
 *
 * @module
 */
import type { Identity } from "../sessions/index.js"
import { identityOf, type JwtOptions, verifiedClaims } from "./claims.js"

export { actorOf, type Identity } from "../sessions/index.js"
export type { Claims, JwtOptions, SecondFactor } from "./claims.js"
export type { KeySet } from "./key-set.js"

/**
 * Tells who a token is for, or that there was none. The second factor counts where `amr` or `acr` says that there were two
 * and `auth_time` says when; `iat` is not asked, because it moves with every refresh.
 *
 * @throws WK009 keys would come over a network in clear, or no issuer or audience · for a token: WK009 `jose` is missing or another
 *   version · WK756 expired, of another issuer or audience, unknown key, wrong signature or algorithm · WK757 no keys · WK758 no id
 * @example const identify = jwtIdentity({ issuer: "https://id.example.in", audience: "clinic-api" })
 */
export function jwtIdentity(options: JwtOptions): (token: string | undefined) => Promise<Identity | undefined> {
  const claims = verifiedClaims(options)
  return async (token) => (token === undefined ? undefined : identityOf(await claims(token), token, options))
}

/** The token of an `Authorization` header of the form `Bearer …`, if it is one. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(authorization ?? "")?.[1]
}
