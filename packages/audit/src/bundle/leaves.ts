import type { Queryable } from "@wardkeep/postgres/migrate"
import { saltOf, sealedFields } from "../seal/entry.js"

const hidden = ["actor", "record", "subject", "detail"] as const

/** What decides whether an event is opened. */
export interface BundledEvent extends Record<(typeof hidden)[number], string | null> {
  readonly verb: string
  readonly at_us: string
}

interface Row {
  readonly index: string
  readonly hash: Buffer
  readonly entry: Buffer | null
  readonly sealed: boolean
  readonly seed: Buffer | null
  readonly event: BundledEvent | null
  readonly erased: { actor_salt: string; record: string; subject: string; detail: string } | null
}

const page = 2000

/** Events of no person, without which a stranger could not tell a dropped month from a deleted one, a retired key from one in force, or a restored database from a cut log. */
const evidence: ReadonlySet<string> = new Set(["retention", "rotation", "incarnation"])

/** The leaves of one log as a bundle shows them: of events that `opens` refuses, the hash. */
export async function* bundledLeaves(
  client: Queryable,
  log: number,
  opens: (event: BundledEvent) => boolean,
): AsyncIterable<ShownLeaf> {
  let after = "-1"
  for (;;) {
    const rows = await rowsAfter(client, log, after, page)
    for (const row of rows) yield shown(row, opens)
    if (rows.length < page) return
    after = rows.at(-1)?.index ?? after
  }
}

/** One leaf with its event opened; undefined where there is none. */
export async function bundledLeaf(client: Queryable, log: number, index: number): Promise<ShownLeaf | undefined> {
  const [row] = await rowsAfter(client, log, String(index - 1), 1)
  return row === undefined ? undefined : shown(row, () => true)
}

async function rowsAfter(client: Queryable, log: number, after: string, limit: number): Promise<Row[]> {
  const { rows } = await client.query<Row>(
    `select l.index::text, l.hash, l.entry, l.event is not null as sealed, l.seed,
          ${sealedFields} as event,
          case when x.log is not null then json_build_object('actor_salt', encode(x.actor_salt, 'base64'),
            'record', encode(x.record, 'base64'), 'subject', encode(x.subject, 'base64'), 'detail', encode(x.detail, 'base64')) end as erased
         from (select * from wardkeep_audit.leaf where log = $1 and index > $2 order by index limit $3) l
         left join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event and e.at = l.at
         left join wardkeep_audit.erased x on x.log = l.log and x.index = l.index order by l.index`,
    [log, after, limit],
  )
  return rows
}

/** A leaf's line in a bundle. */
interface ShownLeaf {
  readonly leaf: number
  readonly hash: string
  readonly entry?: string
  readonly event?: object
  readonly erased?: boolean
  readonly gone?: boolean
}

function shown(row: Row, opens: (event: BundledEvent) => boolean): ShownLeaf {
  const { index, hash, entry, sealed, seed, event, erased } = row
  const place = { leaf: Number(index), hash: hash.toString("base64") }
  if (!sealed) return entry === null ? place : { ...place, entry: entry.toString("base64") }
  if (event === null) return { ...place, gone: true }
  if (!evidence.has(event.verb) && !opens(event)) return place
  if (erased !== null) {
    const { actor_salt: salt, ...commitments } = erased
    const closed = Object.entries(commitments).map(([name, value]) => [name, { commitment: value }])
    const open = { ...event, actor: { salt, value: event.actor }, ...Object.fromEntries(closed) }
    return { ...place, erased: true, event: { version: 1, ...open } }
  }
  if (seed === null) return { ...place, gone: true }
  const open = hidden.map((name) => [name, { salt: saltOf(seed, name).toString("base64"), value: event[name] }])
  return { ...place, event: { version: 1, ...event, ...Object.fromEntries(open) } }
}
