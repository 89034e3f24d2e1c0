import type pg from "pg"
import { fieldSalt, type Hidden, type OpenEvent } from "./hashing.js"
import type { Pages, ShownLeaf } from "./log.js"

type HiddenField = "actor" | "record" | "subject" | "detail"

interface LeafRow {
  readonly index: string
  readonly hash: Buffer
  readonly seed: Buffer | null
  readonly entry: Buffer | null
  /** When the leaf says that its own bytes were sealed, in microseconds; null for an event's, and for no time of the calendar. */
  readonly at_us: string | null
  readonly event: string | null
  readonly fields: EventFields | null
  readonly erased: Erased | null
}

type EventFields = Omit<OpenEvent, HiddenField> & Record<HiddenField, string | null>

/** base64; what stands in the place of the seed once a person's data was erased. */
interface Erased {
  readonly actor_salt: string
  readonly record: string
  readonly subject: string
  readonly detail: string
}

/** Rows at once: memory does not grow with the log. */
const page = 5000

const fields = `json_build_object('xid', e.xid::text, 'id', e.id::text, 'at_us', (extract(epoch from e.at) * 1000000)::bigint::text,
  'tenant', e.tenant, 'branch', e.branch, 'role', e.role, 'purpose', e.purpose, 'session', e.session, 'request', e.request,
  'verb', e.verb, 'relation', e.relation, 'groups', e.groups, 'n', e.n,
  'actor', e.actor, 'record', e.record, 'subject', e.subject, 'detail', e.detail)`

/** The leaves of one log of a database, from the first to the last. */
export async function* leavesOf(client: Pick<pg.Client, "query">, log: number): Pages {
  let after = "-1"
  for (;;) {
    const { rows } = await client.query<LeafRow>(
      `select l.index::text, l.hash, l.seed, l.entry, l.event::text,
          case when l.entry is not null and isfinite(l.at) then (extract(epoch from l.at) * 1000000)::bigint::text end as at_us, case when e.id is not null then ${fields} end as fields,
          case when x.log is not null then json_build_object('actor_salt', encode(x.actor_salt, 'base64'),
            'record', encode(x.record, 'base64'), 'subject', encode(x.subject, 'base64'), 'detail', encode(x.detail, 'base64')) end as erased
         from (select * from wardkeep_audit.leaf where log = $1 and index > $2 order by index limit ${page}) l
         left join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event and e.at = l.at
         left join wardkeep_audit.erased x on x.log = l.log and x.index = l.index order by l.index`,
      [log, after],
    )
    const elsewhere = await eventsElsewhere(client, rows)
    yield rows.map((row) => {
      const moved = row.event === null || row.fields !== null ? undefined : elsewhere.get(row.event)
      return moved === undefined ? shown(row) : { ...shown({ ...row, fields: moved }), isMoved: true }
    })
    if (rows.length < page) return
    after = rows.at(-1)?.index ?? after
  }
}

/** An event is not gone where its time or its leaf's was changed: the two are one, and the join above finds its month by it. */
async function eventsElsewhere(
  client: Pick<pg.Client, "query">,
  rows: readonly LeafRow[],
): Promise<Map<string, EventFields>> {
  const ids = rows.filter((row) => row.event !== null && row.fields === null).map((row) => row.event)
  if (ids.length === 0) return new Map()
  const found = await client.query<{ id: string; fields: EventFields }>(
    `select e.id::text, ${fields} as fields from wardkeep_audit.leaf l
       join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event where l.event = any ($1::bigint[])`,
    [ids],
  )
  return new Map(found.rows.map((row) => [row.id, row.fields]))
}

function shown({ index, hash, seed, entry, at_us, fields, erased }: LeafRow): ShownLeaf {
  const place = { index: Number(index), hash }
  if (entry !== null) return { ...place, entry, storedAt: Number(at_us ?? Number.NaN) }
  if (fields === null || (seed === null && erased === null)) return { ...place, gone: true }
  if (erased !== null) return { ...place, event: erasedEvent(fields, erased), erased: true }
  const open = (field: 1 | 2 | 3 | 4, value: string | null): Hidden => ({
    salt: fieldSalt(seed ?? Buffer.of(), field),
    value,
  })
  const { actor, record, subject, detail } = fields
  const event = {
    ...fields,
    actor: open(1, actor),
    record: open(2, record),
    subject: open(3, subject),
    detail: open(4, detail),
  }
  return { ...place, event }
}

/** A value that somebody wrote where one was erased is opened with no salt, so that it does not pass. */
function erasedEvent(fields: EventFields, erased: Erased): OpenEvent {
  const closed = (field: "record" | "subject" | "detail"): Hidden =>
    fields[field] === null ? { commitment: erased[field] } : { salt: "", value: fields[field] }
  return {
    ...fields,
    actor: { salt: erased.actor_salt, value: fields.actor },
    record: closed("record"),
    subject: closed("subject"),
    detail: closed("detail"),
  }
}
