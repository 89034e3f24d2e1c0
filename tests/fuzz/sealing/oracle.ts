import type pg from "pg"
import { type Ledger, recordKey, rowsOf, type Written } from "./ledger.ts"

/** How the leaves differ from what the writers committed; all zero where they do not. */
export interface Difference {
  /** Events that were committed and have no leaf. */
  readonly lost: number
  /** Leaves more than one of the same event, or events more than were committed. */
  readonly doubled: number
  /** Leaves of statements that nobody committed. */
  readonly neverCommitted: number
  /** Statements with the right number of leaves about other records, or of another clinic's log. */
  readonly wrong: number
  /** Transactions that one writer committed one after the other, and that are sealed otherwise. */
  readonly outOfOrder: number
  /** Leaves of events that are not there, or of one batch in another order than transaction and event. */
  readonly misplaced: number
  /** A few of each, by the names that the writers gave their statements. */
  readonly examples: readonly string[]
}

interface Sealed {
  readonly request: string
  readonly relation: string
  readonly verb: string
  readonly leaves: number
  readonly events: number
  readonly records: number
  readonly first: string
  readonly last: string
  readonly logs: number
  readonly from: string
  readonly to: string
}

const statementsSealed = `
  select e.request, e.relation, e.verb, count(*)::int as leaves, count(distinct l.event)::int as events,
         count(distinct coalesce(e.record, e.subject))::int as records, min(coalesce(e.record, e.subject)) as first, max(coalesce(e.record, e.subject)) as last,
         count(distinct l.log)::int + count(*) filter (where g.tenant <> e.tenant)::int as logs, min(l.index)::text as "from", max(l.index)::text as "to"
    from wardkeep_audit.leaf l join wardkeep_audit.log g on g.id = l.log
    join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event and e.at = l.at
   where e.request ~ '^w[0-9]+-' group by 1, 2, 3`

const misplacedLeaves = `
  with ordered as (
    select l.log, l.index, l.xid, l.event, e.id, lag(l.xid) over w as xid_before, lag(l.event) over w as event_before
      from wardkeep_audit.leaf l left join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event and e.at = l.at
     where l.event is not null window w as (partition by l.log order by l.index))
  select (count(*) filter (where o.id is null) + count(*) filter (where (o.xid_before, o.event_before) >= (o.xid, o.event)
    and not exists (select from wardkeep_audit.checkpoint c where c.log = o.log and c.size = o.index)))::int as n from ordered o`

/** Of events that no writer marked, of installing and of whoever looked: those that were there when the last batch was made. */
const unmarkedEvents = `
  select count(distinct e.id)::int as events, count(distinct l.event)::int as sealed, count(l.event)::int as leaves
    from wardkeep_audit.event e left join wardkeep_audit.leaf l on l.xid = e.xid and l.event = e.id and l.at = e.at
   where (e.request is null or e.request !~ '^w[0-9]+-')
     and pg_visible_in_snapshot(e.xid, (select snapshot::pg_snapshot from wardkeep_audit.seal_state))`

const keyOf = ({ request, relation, verb }: Pick<Written, "request" | "relation" | "verb">): string =>
  `${request} ${verb} ${relation}`

class Tally {
  readonly counts = { lost: 0, doubled: 0, neverCommitted: 0, wrong: 0, outOfOrder: 0 }
  readonly examples: string[] = []

  add(what: keyof Tally["counts"], n: number, where: string): void {
    if (n <= 0) return
    this.counts[what] += n
    if (this.examples.length < 20) this.examples.push(`${what} ${n}: ${where}`)
  }
}

/** Compares the leaves with what the writers know; asks no event whether it should be there. */
export async function compare(client: pg.Client, ledger: Ledger): Promise<Difference> {
  const { rows } = await client.query<Sealed>(statementsSealed)
  const sealed = new Map(rows.map((row) => [keyOf(row), row]))
  const tally = new Tally()
  const ends = new Map<number, { readonly to: number; readonly request: string }>()
  for (const { written, inOrderOf } of ledger.committed)
    for (const each of written) {
      const key = keyOf(each)
      const found = sealed.get(key)
      sealed.delete(key)
      judge(each, found, tally)
      if (inOrderOf === undefined || found === undefined) continue
      const before = ends.get(inOrderOf)
      // Tables that one statement wrote have no order between them.
      const isBehind = before !== undefined && before.request !== each.request && Number(found.from) <= before.to
      tally.add("outOfOrder", isBehind ? 1 : 0, key)
      const to = Math.max(Number(found.to), before?.request === each.request ? before.to : -1)
      ends.set(inOrderOf, { to, request: each.request })
    }
  for (const [key, { leaves }] of sealed) tally.add("neverCommitted", leaves, key)
  const { rows: unmarked } = await client.query<Record<"events" | "sealed" | "leaves", number>>(unmarkedEvents)
  for (const { events, sealed: found, leaves } of unmarked) {
    tally.add("lost", events - found, "events without a writer's mark")
    tally.add("doubled", leaves - found, "events without a writer's mark")
  }
  const { rows: places } = await client.query<{ n: number }>(misplacedLeaves)
  return { ...tally.counts, misplaced: places[0]?.n ?? 0, examples: tally.examples }
}

function judge(written: Written, found: Sealed | undefined, tally: Tally): void {
  const key = keyOf(written)
  const expected = rowsOf(written)
  if (found === undefined) {
    tally.add("lost", expected, key)
    return
  }
  tally.add("lost", expected - found.events, key)
  tally.add("doubled", found.leaves - found.events + Math.max(0, found.events - expected), key)
  const isRight =
    found.logs === 1 &&
    found.records === expected &&
    found.first === recordKey(written.first) &&
    found.last === recordKey(written.last)
  tally.add("wrong", found.events === expected && !isRight ? 1 : 0, key)
}
