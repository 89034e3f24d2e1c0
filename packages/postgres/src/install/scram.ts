import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto"

/**
 * The SCRAM-SHA-256 verifier of a password (RFC 5803), so that the password itself never stands in a statement or a
 * server log. The password must be ASCII: SASLprep is the identity there.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256")
  const clientKey = createHmac("sha256", salted).update("Client Key").digest()
  const storedKey = createHash("sha256").update(clientKey).digest("base64")
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64")
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`
}
