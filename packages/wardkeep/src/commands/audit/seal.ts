import { type Anchor, openOutbox, openSealer, type Sealed, signerFrom } from "@wardkeep/audit"
import type { Policy } from "@wardkeep/core"
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
 * @throws WK402 the key · WK403 another sealer · WK445 a retired key · WK404 another incarnation · WK410 a pooler · WK453 an anchor · WK002 · WK005 · WK307
 * @example await seal({ policy, connection: { env: process.env }, key: pem, onSealed: keepElsewhere })
 */
export async function seal({ policy, connection, key, every, onSealed, anchors }: SealOptions): Promise<void> {
  const signer = signerFrom(key)
  const places = anchors === undefined ? [] : anchorsFrom(anchors, connection, policy)
  const outbox = openOutbox({ onFailed: () => undefined, ...anchors, anchors: places })
  const told = async (sealed: Sealed): Promise<void> => {
    outbox.offer(sealed.checkpoint)
    await onSealed(sealed)
  }
  try {
    await withAuditLog(connection, policy, async (client) => {
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
