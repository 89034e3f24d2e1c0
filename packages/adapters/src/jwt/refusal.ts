import { WardkeepError } from "@wardkeep/core"

/** What did not hold, by the code of `jose`'s error. Its messages are not passed on. */
const refusals: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: "the token has expired",
  ERR_JOSE_ALG_NOT_ALLOWED: "the token's algorithm is not accepted",
  ERR_JWKS_NO_MATCHING_KEY: "the token names a key that the issuer does not have",
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: "the token names no key, and the issuer has several",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "the token's signature does not hold",
  ERR_JWS_INVALID: "this is no token",
  ERR_JWT_INVALID: "this is no token",
  ERR_JOSE_NOT_SUPPORTED: "the token is of a kind that is not supported",
}

const claims: Readonly<Record<string, string>> = {
  iss: "the token is of another issuer",
  aud: "the token is for another audience",
  exp: "the token says no end",
  nbf: "the token is not valid yet",
  typ: "the token is of another type",
}

/** An error of `jose` as ours: what did not hold (WK756), or that the keys could not be had (WK757). */
export function refusalOf(error: unknown): WardkeepError {
  if (error instanceof WardkeepError) return error
  const { code, claim } = error as { readonly code?: unknown; readonly claim?: unknown }
  const message =
    code === "ERR_JWT_CLAIM_VALIDATION_FAILED"
      ? (claims[String(claim)] ?? "a claim of the token does not hold")
      : refusals[String(code)]
  // What is left is the way to the keys: no answer, not in time, or no keys in it.
  if (message === undefined)
    return new WardkeepError("WK757", { message: "the issuer's keys could not be read", cause: error })
  return new WardkeepError("WK756", { message, cause: error })
}
