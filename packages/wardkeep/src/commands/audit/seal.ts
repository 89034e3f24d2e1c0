import { type Anchor, openOutbox, openSealer, originOf, type Sealed, signerFrom } from "@wardkeep/audit"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import type { Connection } from "../../connection/owner.js"
import { type Anchors, anchorsFrom } from "./anchors.js"
import { withAuditLog } from "./owner.js"

export interface SealOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** The Ed25519 private key as PEM. */
  readonly key: string
  /** Seal again every so many milliseconds until the signal aborts; once when left out. */
  readonly every?: { readonly milliseconds: number; readonly signal: AbortSignal }
  /** What the file holds that the newest checkpoint is written to: what is ahead of this log, or of another name, is not written over. */
  readonly kept?: string
  readonly onSealed: (sealed: Sealed) => Promise<void>
  /** Where checkpoints go; the sealer waits for none of them. */
  readonly anchors?: Anchors & {
    /** Least milliseconds between two checkpoints of one anchor. Default 60000. */
    readonly every?: number
    readonly onKept: (anchor: Anchor, checkpoint: string) => Promise<void>
    readonly onFailed: (anchor: Anchor, error: unknown) => void
  }
}

/**
 * Seals what was committed into signed trees, once or until it is told to end, and hands the checkpoints to the anchors.
 *
 * @throws WK447 `kept` is ahead · WK402 the key · WK403 another sealer · WK445 a retired key · WK404 another incarnation · WK410 a pooler · WK453 an anchor · WK002 · WK005 · WK307
 * @example await seal({ policy, connection: { env: process.env }, key: pem, onSealed: keepElsewhere })
 */
export async function seal({ policy, connection, key, every, kept, onSealed, anchors }: SealOptions): Promise<void> {
  const signer = signerFrom(key)
  const places = anchors === undefined ? [] : anchorsFrom(anchors, connection, policy)
  const outbox = openOutbox({ onFailed: () => undefined, ...anchors, anchors: places })
  const told = async (sealed: Sealed): Promise<void> => {
    outbox.offer(sealed.checkpoint)
    await onSealed(sealed)
  }
  try {
    await withAuditLog(connection, policy, async (client) => {
      if (kept !== undefined) await requireBehind(client, kept, policy.deployment)
      const heartbeat = every === undefined ? { heartbeat: 0 } : {}
      const sealer = await openSealer({ client, deployment: policy.deployment, signer, ...heartbeat })
      try {
        if (every === undefined) await told(await sealer.seal())
        else await sealer.run({ interval: every.milliseconds, signal: every.signal, onSealed: told })
      } finally {
        await sealer.close()
      }
    })
  } finally {
    await outbox.settle()
  }
}

/** The files of a server may be an older copy of its own, which nothing inside can tell: what was kept outside can. */
async function requireBehind(client: pg.Client, kept: string, deployment: string): Promise<void> {
  const { rows } = await client.query<{ id: string; note: string | null }>(
    `select s.deployment::text as id, (select c.note from wardkeep_audit.checkpoint c join wardkeep_audit.log g on g.id = c.log
        where g.tenant = '' order by c.size desc limit 1) as note from wardkeep_audit.seal_state s`,
  )
  const [{ id, note } = { id: "", note: null }] = rows
  const [name, size = ""] = kept.split("\n")
  const mine = originOf(deployment, id, "")
  const here = Number(note?.split("\n")[1] ?? 0)
  if (name !== mine)
    throw new WardkeepError("WK447", { message: `the file holds a checkpoint of ${name}, this log is ${mine}` })
  if (Number(size) > here)
    throw new WardkeepError("WK447", {
      message: `${size} leaves of this log were signed, ${here} are here: this is an older state`,
      hint: "Keep the file elsewhere, verify this log against it, then `wardkeep audit rebase` with it; nothing was sealed.",
    })
}
