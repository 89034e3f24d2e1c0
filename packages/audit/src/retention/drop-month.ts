import { setTimeout as sleep } from "node:timers/promises"
import type { Queryable } from "@wardkeep/postgres/migrate"

export interface DropMonthOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  /** `2025-09`; in UTC. */
  readonly month: string
  /** How long the log is kept after the month's end, in months: `policy.auditLog.keepMonths`. Less than twelve are twelve: DPDP Rules, 2025, rule 6(1)(e). */
  readonly keepMonths: number
  /** Why; it is recorded and outlives every erasure, so it must name nobody. */
  readonly reason: string
  /** Once it is certain that the month may go, and before it does: a place to {@link writeMonth} it somewhere. */
  readonly beforeDrop?: () => Promise<unknown>
  /** Seals the log, by whoever holds its key. Left out, a sealer that runs is waited for. */
  readonly seal?: () => Promise<unknown>
  /** Milliseconds to wait for a sealer that runs. Default 5000. */
  readonly sealWait?: number
}

/**
 * Drops the events of a month from every tenant's log. What names them (which leaves, how many, by whom, why) is sealed first; the
 * hashes of their leaves stay, so that every root, proof and checkpoint verifies, and verification says `DROPPED` of them.
 * Where a later step failed, nothing was dropped, or only the seeds are still there: call it again.
 *
 * @throws WK440 a legal hold covers it · WK441 it is younger than the log is kept · WK442 not sealed · WK443 no month, no reason,
 *   nothing there · WK444 transactions that use the log, or place a hold, did not end in time
 * @example
 * const { events } = await dropMonth({ client, month: "2025-09", keepMonths: policy.auditLog.keepMonths, reason: "retention is over" })
 */
export async function dropMonth(options: DropMonthOptions): Promise<{ events: number }> {
  const { client, month, keepMonths, reason, beforeDrop, seal, sealWait = 5000 } = options
  await client.query("select wardkeep_audit.begin_drop($1, make_interval(months => $2), $3)", [
    month,
    keepMonths,
    reason,
  ])
  await beforeDrop?.()
  await seal?.()
  const events = await finished(client, month, performance.now() + sealWait)
  await client.query("select wardkeep_audit.forget_dropped($1)", [month])
  return { events }
}

async function finished(client: Queryable, month: string, until: number): Promise<number> {
  for (;;) {
    try {
      const { rows } = await client.query<{ events: number }>("select wardkeep_audit.finish_drop($1) as events", [
        month,
      ])
      return rows[0]?.events ?? 0
    } catch (error) {
      const isUnsealed = typeof error === "object" && error !== null && "code" in error && error.code === "WK442"
      if (!isUnsealed || performance.now() >= until) throw error
    }
    await sleep(200)
  }
}
