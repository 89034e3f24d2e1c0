import type { Queryable } from "@wardkeep/postgres/migrate"
import { keyHash, type Signer } from "./note.js"
import { openSealer } from "./sealer.js"

export interface RotateOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  readonly deployment: string
  /** The key that signs until now. */
  readonly from: Signer
  /** The key that signs from now on. */
  readonly to: Signer
  /** Why; it is recorded. */
  readonly reason: string
}

export interface Rotation {
  /** The last checkpoint that the old key signed: keep it with the old public key. */
  readonly last: string
  /** The first one of the new key. */
  readonly first: string
}

/**
 * Gives the sealing over to another key. The old key signs that it signs no more, then the new one begins; the old one is
 * refused from then on (WK445), and whatever it signs later verifies as KEY_UNKNOWN. Whoever verifies needs both public keys.
 *
 * @throws WK403 a sealer runs: end it first · WK404 · WK410 · WK443 the keys are one · WK445 `from` was retired already
 * @example await rotateKey({ client, deployment, from: signerFrom(oldPem), to: signerFrom(newPem), reason: "yearly" })
 */
export async function rotateKey({ client, deployment, from, to, reason }: RotateOptions): Promise<Rotation> {
  const sealWith = async (signer: Signer, before: () => Promise<unknown>): Promise<string> => {
    const sealer = await openSealer({ client, deployment, signer, heartbeat: 0 })
    try {
      await before()
      return (await sealer.seal()).checkpoint ?? ""
    } finally {
      await sealer.close()
    }
  }
  const last = await sealWith(from, () =>
    client.query("select wardkeep_audit.retire_key($1, $2, $3)", [keyHash(from), keyHash(to), reason]),
  )
  const first = await sealWith(to, () => Promise.resolve())
  return { last, first }
}
