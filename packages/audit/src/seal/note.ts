import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"

/** Signs checkpoints; the key stays out of the database. */
export interface Signer {
  readonly privateKey: KeyObject
  /** The 32 bytes of the Ed25519 public key. */
  readonly publicKey: Buffer
}

/** C2SP signed-note: the type byte of Ed25519. */
const ed25519 = Buffer.from([1])

/**
 * @param pem an Ed25519 private key, as `openssl genpkey -algorithm ed25519` writes it
 * @throws WK402 it is not one; nothing of the text is repeated
 */
export function signerFrom(pem: string): Signer {
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch {
    throw new WardkeepError("WK402", { message: "the sealing key is not a private key in PEM" })
  }
  if (privateKey.asymmetricKeyType !== "ed25519")
    throw new WardkeepError("WK402", { message: "the sealing key is not an Ed25519 key" })
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" })
  return { privateKey, publicKey: Buffer.from(x, "base64url") }
}

/** The name of a tenant's log; the empty tenant is the deployment itself. */
export function originOf(deployment: string, id: string, tenant: string): string {
  const base = `wardkeep/${deployment}/${id}`
  return tenant === "" ? base : `${base}/${encodeURIComponent(tenant)}`
}

/** A C2SP tlog-checkpoint: the note is signed under the name of its log. */
export function checkpointNote(signer: Signer, origin: string, size: bigint, root: Buffer): string {
  return signedNote(signer, origin, `${origin}\n${size}\n${root.toString("base64")}\n`)
}

/** A C2SP signed-note: the text, an empty line, and the signature under this name. */
export function signedNote(signer: Signer, name: string, body: string): string {
  const signature = sign(null, Buffer.from(body, "utf8"), signer.privateKey)
  return `${body}\n— ${name} ${Buffer.concat([keyId(signer, name), signature]).toString("base64")}\n`
}

/** Whether one of a note's signatures under the name in its first line is this key's. */
export function signedBy(signer: Signer, note: string): boolean {
  const end = note.indexOf("\n\n") + 1
  const [body, lines] = [note.slice(0, end), note.slice(end + 1).split("\n")]
  const [name = ""] = body.split("\n")
  const publicKey = createPublicKey(signer.privateKey)
  return lines.some((line) => {
    const [dash, of, encoded = ""] = line.split(" ")
    const signature = Buffer.from(encoded, "base64").subarray(4)
    return dash === "—" && of === name && verify(null, Buffer.from(body, "utf8"), publicKey, signature)
  })
}

/** The public key as C2SP vkey, to be handed to whoever verifies. */
export function verifierKey(signer: Signer, origin: string): string {
  return `${origin}+${keyId(signer, origin).toString("hex")}+${Buffer.concat([ed25519, signer.publicKey]).toString("base64")}`
}

/** C2SP signed-note: what tells one key's signatures from another's under the same name. */
function keyId(signer: Signer, origin: string): Buffer {
  return createHash("sha256").update(`${origin}\n`).update(ed25519).update(signer.publicKey).digest().subarray(0, 4)
}

/** What a key is called where it is retired: SHA-256 of the 32 bytes of the public key, hex. */
export function keyHash({ publicKey }: Signer): string {
  return createHash("sha256").update(publicKey).digest("hex")
}
