import type { Queryable } from "@wardkeep/postgres/migrate"
import { leavesOf } from "../anchor/proof.js"
import { eventEntry, type SealedEvent, sealedFields } from "../seal/entry.js"

export interface TiledLeaf {
  readonly index: number
  readonly hash: Buffer
  /** The bytes that were hashed, of the deployment's log, where the event is not gone. */
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

/** The leaves `from` to `to - 1` of one log; of the deployment's, whose tenant is empty, with their entries. */
export async function* tiledLeaves(
  client: Queryable,
  tenant: string,
  from: number,
  to: number,
): AsyncIterable<TiledLeaf> {
  if (tenant === "") return yield* leavesWithEntries(client, from, to)
  let index = from
  for await (const hash of leavesOf(client, tenant, from, to)) yield { index: index++, hash }
}

async function* leavesWithEntries(client: Queryable, from: number, to: number): AsyncIterable<TiledLeaf> {
  for (let next = from; next < to; ) {
    const { rows } = await client.query<Row>(
      `select l.index::text, l.hash, l.entry, l.seed, ${sealedFields} as fields from wardkeep_audit.leaf l
         left join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event and e.at = l.at
        where l.log = (select id from wardkeep_audit.log where tenant = '') and l.index >= $1 and l.index < $2 order by l.index limit ${page}`,
      [next, to],
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
