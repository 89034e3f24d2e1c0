import type { Queryable } from "@wardkeep/postgres/migrate"
import { capturing } from "../seal/capturing.js"
import { swallowsQuery } from "../seal/swallows.js"
import { type RebasedLog, rebasesOf } from "./rebases.js"

/** What an answer from the log rests on. */
export interface Coverage {
  /** When the first event of this tenant was recorded that is still there; null when there is none. */
  readonly since: string | null
  /** Months of this tenant's log that were dropped after their retention, and how many events they had. */
  readonly dropped: readonly { readonly month: string; readonly events: number }[]
  /** Where the log goes on in a restored, cloned or promoted database, oldest first: what of it is lost, and what was taken over unsealed. */
  readonly rebased: readonly RebasedLog[]
  /** Tables whose writes are recorded now. */
  readonly tables: number
  /** Tables whose capture is switched off or got round now; `wardkeep_audit.event` where something swallows events. */
  readonly off: readonly string[]
  /** Events of this tenant that no signed tree holds yet. */
  readonly unsealed: number
  /** Events of this tenant whose person was erased: they answer to no name. */
  readonly erased: number
  /** Tables whose views through the client are recorded now; what goes around the client is not among them. */
  readonly views: number
  /** Recorded views of this tenant that name nobody, or not everybody. */
  readonly undetermined: number
  /** Downloads, prints and exports of this tenant that name nobody. */
  readonly unnamed: number
}

const nothing = {
  since: null,
  dropped: [],
  tables: 0,
  off: [],
  unsealed: 0,
  erased: 0,
  undetermined: 0,
  unnamed: 0,
  recorded: false,
}

/**
 * What the last batch did not see; its oldest open transaction is where the index is entered, so that the log is not read whole.
 * Null where it was sealed in another database, of which the numbers of transactions say nothing here: then the leaves tell. In a
 * restored database older events have numbers that are yet to be given out, which the upper bound keeps out.
 */
const snapshot =
  "(select case when coalesce(s.incarnation = wardkeep_audit.incarnation(), true) then s.snapshot::pg_snapshot end from wardkeep_audit.seal_state s)"
const given = `(select case when ${snapshot} is null then '18446744073709551615'::xid8
  else greatest(pg_snapshot_xmax(pg_current_snapshot()), pg_current_xact_id_if_assigned()) end)`
const unsealed = `e.xid >= coalesce(pg_snapshot_xmin(${snapshot}), '0'::xid8) and e.xid <= ${given}
  and coalesce(not pg_visible_in_snapshot(e.xid, ${snapshot}), true)
  and (select l.event from wardkeep_audit.leaf l where l.event = e.id and l.xid = e.xid) is null`

/** Where the leaves of the dropped months are, and the first leaf that is in none of them. */
const gaps = `gaps as (
  select d.month, d.event, (r.value ->> 0)::bigint as first, (r.value ->> 1)::bigint as last from wardkeep_audit.drops() d, jsonb_array_elements(d.leaves::jsonb) r
   where d.tenant = $1 and exists (select from wardkeep_audit.event c where c.tenant = $1 and wardkeep_audit.outlives(c.verb)
     and c.id > d.event and c.detail like '{"phase":"completed"%' and c.detail::json ->> 'month' = d.month)),
  begins as (select min(c.index) as index from (select 0 as index union all select g.last + 1 from gaps g) c
   where not exists (select from gaps g where c.index between g.first and g.last))`

export async function readCoverage(client: Queryable, tenant: string): Promise<Coverage> {
  const { rows } = await client.query<Omit<Coverage, "views" | "rebased"> & { recorded: boolean }>(
    `with ${gaps} select
       (select to_char(min(first.at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from (
         select min(f.at) as at from (select f.at from wardkeep_audit.leaf f
           where f.log = (select l.id from wardkeep_audit.log l where l.tenant = $1) and f.event is not null and f.index >= (select b.index from begins b)
             and not exists (select from gaps g where f.index between g.first and g.last) order by f.index limit 1000) f
         union all select min(e.at) from wardkeep_audit.event e where e.tenant = $1 and ${unsealed}) first) as since,
       -- Of the same leaves once: it may have come back from a backup and been dropped once more.
       (select coalesce(json_agg(json_build_object('month', d.month, 'events', (select sum(upper(r) - lower(r)) from unnest(d.leaves) r)) order by d.event), '[]') from (
         select g.month, min(g.event) as event, range_agg(int8range(g.first, g.last, '[]')) as leaves from gaps g group by 1) d) as dropped,
       (select count(distinct tgrelid)::int from pg_trigger where tgname like 'wk\\_audit\\_%' and not tgisinternal) as tables,
       (select coalesce(array_agg(distinct o.relation), '{}') from (select t.tgrelid::regclass::text as relation from pg_trigger t
         where ${capturing} and not t.tgisinternal and t.tgenabled <> 'A' union select s.relation from (${swallowsQuery}) s) o) as off,
       (select count(*)::int from wardkeep_audit.event e where e.tenant = $1 and ${unsealed}) as unsealed,
       (select count(*)::int from wardkeep_audit.erased x join wardkeep_audit.log l on l.id = x.log where l.tenant = $1) as erased,
       (select count(*)::int from wardkeep_audit.event e where e.tenant = $1 and e.verb = 'view'
         and (e.detail like '{"source":"undetermined"%' or e.detail like '{"source":"declared"%')) as undetermined,
       (select count(*)::int from wardkeep_audit.event e where e.tenant = $1 and e.verb in ('download', 'print', 'export')
         and e.subject is null and e.detail::json ->> 'phase' = 'begun' and e.relation <> 'wardkeep_audit.event') as unnamed,
       to_regprocedure('wardkeep_audit.viewed_tables()') is not null as recorded`,
    [tenant],
  )
  const { recorded = false, ...found } = rows[0] ?? nothing
  const rebased = await rebasesOf(client, tenant)
  return { ...found, rebased, views: recorded ? await viewedTables(client) : 0 }
}

async function viewedTables(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ n: number }>("select cardinality(wardkeep_audit.viewed_tables()) as n")
  return rows[0]?.n ?? 0
}
