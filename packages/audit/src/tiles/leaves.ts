import type { Queryable } from "@wardkeep/postgres/migrate"
import { eventEntry, type SealedEvent } from "../seal/entry.js"

export interface TiledLeaf {
  readonly index: number
  readonly hash: Buffer
  /** The bytes that were hashed, where they were asked for and the event is not gone. */
  readonly entry?: Buffer
}

interface Row {
  readonly index: string
  readonly hash: Buffer
  readonly entry: Buffer | null
  readonly seed: Buffer | null
  readonly fields: SealedEvent | null
}

/** Rows that travel at once. */
const page = 2000

const event = `case when e.id is not null then json_build_object('xid', e.xid::text, 'id', e.id::text, 'at_us', (extract(epoch from e.at) * 1000000)::bigint::text,
  'tenant', e.tenant, 'branch', e.branch, 'role', e.role, 'purpose', e.purpose, 'session', e.session, 'request', e.request,
  'verb', e.verb, 'relation', e.relation, 'groups', e.groups, 'n', e.n, 'actor', e.actor, 'record', e.record, 'subject', e.subject, 'detail', e.detail) end`

/** The leaves `from` to `to - 1` of one log; of the deployment's their entries too, where they are asked for. */
export async function* tiledLeaves(
  client: Queryable,
  tenant: string,
  from: number,
  to: number,
  what: "hashes" | "entries",
): AsyncIterable<TiledLeaf> {
  const shown =
    what === "entries"
      ? `l.entry, l.seed, ${event} as fields`
      : "null::bytea as entry, null::bytea as seed, null as fields"
  const join =
    what === "entries" ? "left join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event and e.at = l.at" : ""
  for (let next = from; next < to; ) {
    const { rows } = await client.query<Row>(
      `select l.index::text, l.hash, ${shown} from wardkeep_audit.leaf l ${join}
        where l.log = (select id from wardkeep_audit.log where tenant = $1) and l.index >= $2 and l.index < $3 order by l.index limit ${page}`,
      [tenant, next, to],
    )
    yield* rows.map(tiled)
    if (rows.length === 0) return
    next += rows.length
  }
}

function tiled({ index, hash, entry, seed, fields }: Row): TiledLeaf {
  const place = { index: Number(index), hash }
  if (entry !== null) return { ...place, entry }
  return fields === null || seed === null ? place : { ...place, entry: eventEntry(fields, seed) }
}
