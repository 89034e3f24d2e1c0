import type { Queryable } from "@wardkeep/postgres/migrate"
import { commitment } from "../seal/entry.js"

/** Where the log goes on in a database that was restored, cloned or promoted. */
export interface RebasedLog {
  /** When it was rebased; ISO 8601, UTC. */
  readonly at: string
  /**
   * The last moment at which what was kept had been sealed. Of what was recorded between it and `at`, only what this database had or
   * recorded itself is there; null where the log does not say.
   */
  readonly since: string | null
  /** Leaves of the deployment's log, of all tenants, that were signed and are lost, as the act declares it; null where nobody looked outside. */
  readonly lost: number | null
  /** Events of this tenant that had no leaf then and were sealed with the act: the database alone vouches for when they were written. */
  readonly adopted: number
}

interface Act {
  readonly note: string | null
  readonly at: string
  readonly leaf: string
  readonly since: string | null
}

const iso = (moment: string): string => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Leaves that were kept, in the note that the act carries: its fifth line. */
const kept = String.raw`substring(a.note from '^(?:[^\n]*\n){4}(\d{1,15}) ')::bigint`

/** Oldest first. What the acts say of themselves; whether it is true, verification tells. */
export async function rebasesOf(client: Queryable, tenant: string): Promise<RebasedLog[]> {
  const { rows } = await client.query<Act>(
    `select a.note, ${iso("a.at")} as at, l.index::text as leaf, (select ${iso("c.at")} from wardkeep_audit.checkpoint c where c.log = l.log and c.size = ${kept}) as since
       from (select e.id, e.xid, e.at, e.detail::json ->> 'note' as note from wardkeep_audit.event e
              where e.verb = 'incarnation' and e.tenant = '' and e.relation = 'wardkeep_audit.seal_state') a
       join wardkeep_audit.leaf l on l.event = a.id and l.xid = a.xid order by l.index`,
  )
  const found: RebasedLog[] = []
  for (const { note, at, leaf, since } of rows)
    found.push({ at, since, lost: lostIn(note), adopted: await adoptedIn(client, tenant, leaf) })
  return found
}

function lostIn(note: string | null): number | null {
  const [, , , , here = "", there = ""] = (note ?? "").split("\n")
  const lost = Number.parseInt(there, 10) - Number.parseInt(here, 10)
  return Number.isNaN(lost) ? null : Math.max(0, lost)
}

/** By how many leaves the tenant's log grew in the batch of the act, as the tree head of that batch says. */
async function adoptedIn(client: Queryable, tenant: string, leaf: string): Promise<number> {
  const { rows: logs } = await client.query<{ id: number; seed: Buffer }>(
    "select id, seed from wardkeep_audit.log where tenant = $1",
    [tenant],
  )
  const [log] = logs
  if (log === undefined) return 0
  const begins = Buffer.concat([Buffer.from([1, 3]), commitment(log.seed, tenant)])
  const { rows } = await client.query<{ n: number }>(
    `with deployment as (select id from wardkeep_audit.log where tenant = ''),
       head as (select ('x' || encode(substring(l.entry from 35 for 8), 'hex'))::bit(64)::bigint as size from wardkeep_audit.leaf l, deployment d
         where l.log = d.id and l.index > $1 and substring(l.entry from 1 for 34) = $2
           and l.index < (select c.size from wardkeep_audit.checkpoint c where c.log = d.id and c.size > $1 order by c.size limit 1))
     select (h.size - coalesce((select max(c.size) from wardkeep_audit.checkpoint c where c.log = $3 and c.size < h.size), 0))::int as n from head h`,
    [leaf, begins, log.id],
  )
  return rows[0]?.n ?? 0
}
