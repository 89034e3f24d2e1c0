import { randomBytes } from "node:crypto"
import { argon2id, argon2Verify } from "hash-wasm"

// OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
const cost = { memorySize: 19_456, iterations: 2, parallelism: 1, hashLength: 32 }

export function hashPassword(password: string): Promise<string> {
  return argon2id({ ...cost, password, salt: randomBytes(16), outputType: "encoded" })
}

let decoy: Promise<string> | undefined

/** Takes as long for an unknown account (no hash) as for a known one, so that time does not tell which emails exist. */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  decoy ??= hashPassword(randomBytes(16).toString("hex"))
  const matches = await argon2Verify({ password, hash: hash ?? (await decoy) })
  return matches && hash !== undefined
}
