import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"

export type Outcome = "committed" | "aborted" | "prepared"

/**
 * What became of a transaction whose session was lost while it ended. The server's own account of it is asked, never the log.
 *
 * @param name what it was prepared as, if it was
 */
export async function outcomeOf(admin: pg.Pool, xid: string, name: string): Promise<Outcome> {
  for (;;) {
    const { rows } = await admin.query<{ status: "committed" | "aborted" | "in progress"; prepared: boolean }>(
      "select pg_xact_status($1::xid8) as status, exists (select from pg_prepared_xacts where gid = $2) as prepared",
      [xid, name],
    )
    const [found] = rows
    if (found === undefined) throw new Error("one row has one answer")
    if (found.status !== "in progress") return found.status
    if (found.prepared) return "prepared"
    await sleep(5)
  }
}
