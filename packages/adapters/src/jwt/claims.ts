import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { actorOf, type Identity, secondsUntil } from "../sessions/index.js"
import { jose } from "./jose.js"
import type { KeySet } from "./key-set.js"
import { keysOf } from "./keys.js"
import { refusalOf } from "./refusal.js"

/** The claims of a token whose signature holds. */
export type Claims = Readonly<Record<string, unknown>>

/** Which words of the provider stand for two factors. */
export interface SecondFactor {
  /** Of `amr`, RFC 8176; `mfa` unless told. */
  readonly amr?: readonly string[]
  /** Of `acr`; none unless told, because each provider has its own. */
  readonly acr?: readonly string[]
}

export interface JwtOptions {
  /** As `iss` says it, to the letter. */
  readonly issuer: string
  /** This application or API, as `aud` says it. */
  readonly audience: string
  /** The address of the keys, or the keys themselves. Unless told: what the issuer's discovery document names. */
  readonly keys?: string | KeySet
  /** Of the header, such as `at+jwt` for access tokens of RFC 9068. Unless told, any. */
  readonly typ?: string
  /** The host's own id of the person. Unless told, `sub`. With several issuers, look it up: their `sub` may be alike. */
  readonly actor?: (claims: Claims) => unknown
  readonly secondFactor?: SecondFactor
}

/** Signatures that are made with a private key. A shared secret or none is never accepted with public keys. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
/** Seconds by which two clocks may differ. */
const tolerance = 5

/** The claims of a token once everything that `jose` checks holds. */
export function verifiedClaims({ issuer, audience, keys, typ }: JwtOptions): (token: string) => Promise<Claims> {
  // Out of an environment they may be undefined, whatever the type says, and `jose` asks for no claim that nobody names.
  if (![issuer, audience].every((one) => typeof one === "string" && one !== ""))
    throw new WardkeepError("WK009", {
      message: "issuer and audience are named, so that a token for others is refused",
    })
  const find = keysOf(issuer, keys)
  return async (token) => {
    const { jwtVerify } = await jose()
    const key = await find()
    try {
      const expected = { issuer, audience, algorithms, clockTolerance: tolerance, requiredClaims: ["exp"] }
      return (await jwtVerify(token, key, { ...expected, ...(typ !== undefined && { typ }) })).payload
    } catch (error) {
      throw refusalOf(error)
    }
  }
}

/** Who the claims of a token are about, and how long it holds. */
export function identityOf(claims: Claims, token: string, { actor, secondFactor }: JwtOptions): Identity {
  const mfaAt = secondFactorAt(claims, secondFactor)
  return {
    actor: actorOf(actor === undefined ? claims.sub : actor(claims)),
    ...(mfaAt !== undefined && { mfaAt }),
    ttl: secondsUntil(Number(claims.exp) * 1000),
    // Without the signature, which can be written in several ways that all hold: what was ended would begin anew under another.
    signIn: createHash("sha256")
      .update(token.slice(0, token.lastIndexOf(".")))
      .digest("base64url"),
  }
}

function secondFactorAt({ amr, acr, auth_time: at }: Claims, asked: SecondFactor = {}): Date | undefined {
  const methods = Array.isArray(amr) ? amr : []
  const two =
    (asked.amr ?? ["mfa"]).some((word) => methods.includes(word)) || (asked.acr ?? []).some((word) => word === acr)
  if (!two || typeof at !== "number" || !Number.isFinite(at)) return undefined
  if (at * 1000 > Date.now() + tolerance * 1000)
    throw new WardkeepError("WK756", { message: "the token's auth_time lies in the future" })
  return new Date(at * 1000)
}
