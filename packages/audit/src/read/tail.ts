import { setTimeout as sleep } from "node:timers/promises"
import { inTransaction } from "@wardkeep/postgres/migrate"
import type { ReadOptions } from "./question.js"
import { type AuditEvent, eventFields } from "./read.js"
import { recordReading } from "./record.js"

/**
 * A tenant's events as they are committed, until the signal: each of them once, however late its transaction committed. That it
 * was begun is recorded before the first one is handed over; readings of the log are not among them.
 *
 * @param options.every milliseconds between two looks; default 1000
 * @throws WK009 no reason
 * @example for await (const event of tail({ client, tenant, reason: "incident 7", signal })) print(event)
 */
export async function* tail(
  options: Pick<ReadOptions, "client" | "tenant" | "reason"> & {
    readonly signal: AbortSignal
    readonly every?: number
  },
): AsyncGenerator<AuditEvent, void, undefined> {
  const { client, tenant, reason, signal, every = 1000 } = options
  let before = await inTransaction(client, async () => {
    await recordReading(client, { verb: "view", tenant, reason, subject: null, asked: { tail: true }, n: 0 })
    return (await client.query<{ now: string }>("select pg_current_snapshot()::text as now")).rows[0]?.now ?? ""
  })
  while (!signal.aborted) {
    // One statement, one snapshot: what it sees and the one before did not. By number, late commits would be missed.
    const { rows } = await client.query<Omit<AuditEvent, "id"> & { now: string; id: string | null }>(
      `select pg_current_snapshot()::text as now, ${eventFields} from (values (1)) one
         left join wardkeep_audit.event e on e.tenant = $1 and e.relation <> 'wardkeep_audit.event'
          and (e.xid >= pg_snapshot_xmax($2::pg_snapshot) or e.xid = any (array(select pg_snapshot_xip($2::pg_snapshot))))
        order by e.xid, e.id`,
      [tenant, before],
    )
    before = rows[0]?.now ?? before
    for (const { now: _, id, ...event } of rows) if (id !== null) yield { ...event, id }
    await sleep(every, undefined, { signal }).catch(() => undefined)
  }
}
