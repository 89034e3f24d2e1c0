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
  /**
   * What the file holds that the newest checkpoint is written to, asked before each batch: what is ahead of this log, of another
   * name or another history, is not written over, and ends a sealer that runs.
   */
  readonly kept?: () => Promise<string | undefined>
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
 * @throws WK447 `kept` is not behind this log · WK402 the key · WK403 another sealer · WK445 a retired key · WK404 another incarnation · WK410 a pooler · WK453 an anchor · WK002 · WK005 · WK307
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
      const { deployment } = policy
      const before = async (): Promise<void> => {
        const text = await kept?.()
        if (text !== undefined) await requireBehind(client, text, deployment)
      }
      const heartbeat = every === undefined ? { heartbeat: 0 } : {}
      const sealer = await openSealer({ client, deployment, signer, before, ...heartbeat })
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

/**
 * The files of a server may be an older copy of its own, and a primary may come back after another one took its place, which
 * nothing inside can tell: what was kept outside can.
 */
async function requireBehind(client: pg.Client, kept: string, deployment: string): Promise<void> {
  const [name, signed = ""] = kept.split("\n")
  const size = Number(signed)
  const { rows } = await client.query<{ id: string; here: string | null; same: string | null }>(
    `with own as not materialized (select c.size, c.note from wardkeep_audit.checkpoint c where c.log = (select g.id from wardkeep_audit.log g where g.tenant = ''))
     select s.deployment::text as id, (select max(size)::text from own) as here, (select note from own where size = $1) as same from wardkeep_audit.seal_state s`,
    [size],
  )
  const [{ id, here, same } = { id: "", here: null, same: null }] = rows
  const mine = originOf(deployment, id, "")
  if (name !== mine)
    throw new WardkeepError("WK447", { message: `the file holds a checkpoint of ${name}, this log is ${mine}` })
  if (size > Number(here))
    throw new WardkeepError("WK447", {
      message: `${size} leaves of this log were signed, ${here ?? 0} are here: this is an older state`,
      hint: "Keep the file elsewhere, verify this log against it, then `wardkeep audit rebase` with it; nothing was sealed.",
    })
  if (same === null || bodyOf(same) !== bodyOf(kept))
    throw new WardkeepError("WK447", {
      message: `the file signs other ${size} leaves of this log than those here: it is sealed in two places`,
      hint: "End both sealers, keep the file, and verify both logs against it: SPLIT_VIEW. Nothing was sealed.",
    })
}

/** What is signed, without who signed it. */
const bodyOf = (note: string): string | undefined => note.split("\n\n")[0]
