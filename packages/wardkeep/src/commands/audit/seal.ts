import { openSealer, type Sealed, signerFrom } from "@wardkeep/audit"
import type { Policy } from "@wardkeep/core"
import type { Connection } from "../../connection/owner.js"
import { withAuditLog } from "./owner.js"

export interface SealOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** The Ed25519 private key as PEM. */
  readonly key: string
  /** Seal again every so many milliseconds until the signal aborts; once when left out. */
  readonly every?: { readonly milliseconds: number; readonly signal: AbortSignal }
  readonly onSealed: (sealed: Sealed) => Promise<void>
}

/**
 * Seals what was committed into signed trees, once or until it is told to end.
 *
 * @throws WK402 the key · WK403 another sealer · WK445 a retired key · WK404 another incarnation · WK410 a pooler · WK002 · WK005 · WK307
 * @example await seal({ policy, connection: { env: process.env }, key: pem, onSealed: keepElsewhere })
 */
export async function seal({ policy, connection, key, every, onSealed }: SealOptions): Promise<void> {
  const signer = signerFrom(key)
  await withAuditLog(connection, policy, async (client) => {
    const heartbeat = every === undefined ? { heartbeat: 0 } : {}
    const sealer = await openSealer({ client, deployment: policy.deployment, signer, ...heartbeat })
    try {
      if (every === undefined) await onSealed(await sealer.seal())
      else await sealer.run({ interval: every.milliseconds, signal: every.signal, onSealed })
    } finally {
      await sealer.close()
    }
  })
}
