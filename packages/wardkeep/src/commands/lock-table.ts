import { type Finding, quoteIdent } from "@wardkeep/core"
import type pg from "pg"

interface Holder {
  readonly pids: readonly number[]
  readonly login: string
  readonly held: number
  readonly room: number
}

/** What the sessions of a login take from the table that all databases of the server share; locks on its own fast path take nothing there. */
const holdersQuery = `
select array_agg(distinct l.pid order by l.pid) as pids, coalesce(a.usename::text, 'nobody') as login, count(*)::int as held, s.room
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
  cross join (select current_setting('max_locks_per_transaction')::int
                   * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) as room) s
 where l.pid is not null and not l.fastpath group by a.usename, s.room having count(*) * 4 >= s.room order by held desc, login`

/**
 * Any login fills the lock table by itself, and what takes a lock then fails with 53200 for everybody: sign-in, offboarding,
 * sealing, this command. Asked for first, while there is room for the question.
 */
export async function lockTableFindings(client: pg.Client): Promise<Finding[]> {
  const { rows } = await client.query<Holder>(holdersQuery)
  return rows.map(({ pids, login, held, room }) => ({
    check: "lock-table",
    severity: "hygiene",
    object: `role ${quoteIdent(login)}`,
    message: `sessions of ${login} hold ${held} locks, and the server has room for about ${room}: without room nobody signs in or is offboarded (53200)`,
    fix: `As an administrator: select pg_terminate_backend(pid) from unnest(array[${pids.join(", ")}]) pid`,
  }))
}
