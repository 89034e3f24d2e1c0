import { Secret, TOTP } from "otpauth"

const period = 30

const totp = (secret: string): TOTP =>
  new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period })

/** A secret for a new account, as authenticator apps take it. */
export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32
}

export function currentCode(secret: string, now: number): string {
  return totp(secret).generate({ timestamp: now })
}

/** The time step a code belongs to, or undefined when it is wrong. One step early or late is accepted: clocks drift. */
export function stepOfCode(secret: string, code: string, now: number): number | undefined {
  const delta = totp(secret).validate({ token: code, timestamp: now, window: 1 })
  return delta === null ? undefined : Math.floor(now / 1000 / period) + delta
}
