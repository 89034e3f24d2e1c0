import { type Bundle, dropMonth, writeMonth } from "@wardkeep/audit"
import { loadLaw } from "@wardkeep/consent"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Connection } from "../../connection/owner.js"
import { withAuditLog } from "./owner.js"
import { seal } from "./seal.js"
import { requireNew, wholeFile } from "./whole-file.js"

export interface DropOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** `2025-09` */
  readonly month: string
  readonly reason: string
  /** The Ed25519 private key as PEM; left out, a sealer that runs is waited for. */
  readonly key?: string
  /** A new file for the month's events, as a bundle. */
  readonly keep?: { readonly path: string; readonly shown: string }
}

export interface Dropped {
  readonly events: number
  readonly kept: Bundle | null
}

/**
 * Drops a month of the audit log, after writing it to a file where one is asked for, and seals that it is done.
 *
 * @throws WK440 a hold · WK441 too young · WK442 not sealed · WK443 nothing there · WK444 busy · WK009 the file · WK402 · WK403 ·
 *   WK445 the key · WK002 · WK005 · WK307
 */
export async function drop(options: DropOptions): Promise<Dropped> {
  const { policy, connection, month, reason, key, keep } = options
  const { deployment, auditLog } = policy
  const sealing = async (): Promise<void> => {
    if (key !== undefined) await seal({ policy, connection, key, onSealed: async () => undefined })
  }
  if (keep !== undefined) await requireNew(keep.path, keep.shown)
  let kept: Bundle | null = null
  const keeping = async (): Promise<void> => {
    if (keep === undefined) return
    kept = await wholeFile(keep.path, keep.shown, (write) =>
      withAuditLog(connection, policy, (client) => writeMonth({ client, deployment, month, reason, write })),
    )
  }
  const { events } = await withAuditLog(connection, policy, (client) =>
    dropMonth({ client, month, reason, keepMonths: auditLog.keepMonths, beforeDrop: keeping, seal: sealing }),
  ).catch((cause: unknown) => {
    if (kept === null || !(cause instanceof Error && "code" in cause && cause.code === "WK444")) throw cause
    throw new WardkeepError("WK444", {
      message: cause.message,
      hint: `Run the same without --keep when the clinic is quiet: ${keep?.shown} holds the month already. Nothing was dropped.`,
      cause,
    })
  })
  await sealing()
  return { events, kept }
}

/** What the shipped law data says of how long logs are kept, a line for each rule. */
export function lawOfLogs(): string[] {
  const law = loadLaw()
  return law.retention
    .filter(({ record }) => record === "logs")
    .map(({ instrument, clause, period }) => {
      const length = period === null ? "no period" : `${period.length} from ${period.clock}`
      return `${law.instruments[instrument] ?? instrument}, ${clause}: ${length}`
    })
}
