import { createReadStream } from "node:fs"
import {
  type BundleVerification,
  cosignaturesOf,
  readCheckpoint,
  trustedKeys,
  type Verification,
  verification,
  verifyBundle,
  verifyDatabase,
  witnessKey,
} from "@wardkeep/audit/verify"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import type { Connection } from "../../connection/owner.js"
import { askWitnesses } from "./anchors.js"
import { withAuditLog } from "./owner.js"

export interface Trusted {
  /** Ed25519 public keys as PEM, from somebody who is trusted. */
  readonly keys: readonly string[]
  /** Checkpoints that were kept elsewhere. */
  readonly anchors: readonly string[]
  /** Checkpoints of which the reader knows that what they sign was lost. */
  readonly lost?: readonly string[]
  /** The last checkpoint of each key that was retired. */
  readonly retired?: readonly string[]
}

/**
 * Verifies the log of a database in one snapshot, and asks the witnesses whether they know it as it is.
 *
 * @throws WK402 a key · WK407 unknown version · WK457 `retired` · WK448, WK449, WK452 a witness · WK453 · WK002 · WK005 · WK307
 */
export async function verifyLog(
  options: Trusted & {
    readonly policy: Policy
    readonly connection: Connection
    readonly witnesses: readonly string[]
  },
): Promise<Verification> {
  const { policy, connection, anchors, lost = [], retired = [], witnesses } = options
  const keys = trustedKeys(options.keys)
  const { found, newest } = await withAuditLog(connection, policy, async (client) => ({
    newest: await newestOf(client),
    found: await verifyDatabase({ client, keys, anchors, lost, retired }),
  }))
  // A log that is broken already is shown to no witness: what it would cosign is not what was sealed.
  if (witnesses.length === 0 || !found.ok || newest === undefined) return found
  const asked = await askWitnesses(newest, witnesses, connection, policy)
  return verification([...found.verdicts, ...asked.verdicts], found.logs, found.anchored || asked.compared)
}

async function newestOf(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ note: string }>(
    `select c.note from wardkeep_audit.checkpoint c where c.log = (select id from wardkeep_audit.log where tenant = '')
      order by c.size desc limit 1`,
  )
  return rows[0]?.note
}

/** Who cosigned a checkpoint that was kept, when by its own clock, and how large the log was. */
export interface Witnessed {
  readonly name: string
  readonly at: Date
  readonly leaves: number
}

/** The cosignatures in anchors that were kept, of these witnesses' keys, without asking anybody. */
export function witnessedIn(options: Trusted & { readonly vkeys: readonly string[] }): Witnessed[] {
  const keys = trustedKeys(options.keys)
  const witnesses = options.vkeys.map(witnessKey)
  return options.anchors.flatMap((anchor) => {
    const head = readCheckpoint(anchor, keys)
    if (head?.signature !== "valid") return []
    return cosignaturesOf(anchor, witnesses).map(({ name, at }) => ({ name, at, leaves: head.size }))
  })
}

/** Bytes read at once. */
const piece = 1024 * 1024

/**
 * Verifies a bundle with neither database nor network.
 *
 * @throws WK402 a key · WK405 truncated, damaged, or none · WK406 another deployment · WK407 unknown version · WK457 `retired` · WK009 no such file
 */
export async function verifyFile(
  options: Trusted & { readonly path: string; readonly shown: string },
): Promise<BundleVerification> {
  const { path, shown, anchors, lost = [], retired = [] } = options
  const keys = trustedKeys(options.keys)
  const file = createReadStream(path, { highWaterMark: piece })
  const bytes = async function* (): AsyncIterable<Uint8Array> {
    try {
      yield* file
    } catch (cause) {
      throw new WardkeepError("WK009", { message: `${shown} cannot be read`, hint: "Check the file's name.", cause })
    }
  }
  try {
    return await verifyBundle({ bytes: bytes(), keys, anchors, lost, retired })
  } finally {
    file.destroy()
  }
}
