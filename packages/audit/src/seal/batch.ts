import { randomBytes } from "node:crypto"
import type { Queryable } from "@wardkeep/postgres/migrate"
import { eventEntry, type SealedEvent } from "./entry.js"
import { type Frontier, frontierBytes, frontierFrom, grow, leafHash } from "./tree.js"

/** A log while a batch is appended to it. */
export interface OpenLog {
  readonly id: number
  readonly tenant: string
  readonly seed: Buffer
  frontier: Frontier
  pending: Leaf[]
}

interface Leaf {
  readonly index: bigint
  readonly hash: Buffer
  readonly at: string
  readonly xid: string | null
  readonly event: string | null
  readonly seed: Buffer | null
  readonly entry: Buffer | null
}

/** Rows that travel at once; memory does not grow with the batch. */
const page = 2000

const fields = `xid::text, id::text, (extract(epoch from at) * 1000000)::bigint::text as at_us, at::text as at, tenant, branch, actor,
  role, purpose, session::text, request, verb, relation, groups, n, record, subject, detail`

/**
 * What the transaction's snapshot sees and the previous one did not: a committed transaction crosses from one side to the other
 * exactly once, however long it was open. In a restored database older events have numbers that its own transactions are yet to
 * get; the upper bound keeps the index from reading them, and those between have their leaf. That look-up is a scalar, not a
 * join: of the range the planner knows nothing, and would read all leaves.
 */
const seenSince = `xid < pg_snapshot_xmax(pg_current_snapshot())
  and (xid >= pg_snapshot_xmax($1::pg_snapshot) or xid = any (array(select pg_snapshot_xip($1::pg_snapshot))))
  and pg_visible_in_snapshot(xid, pg_current_snapshot())
  and (select l.event from wardkeep_audit.leaf l where l.event = e.id and l.xid = e.xid) is null`
/** At the beginning, and where the numbers of transactions are those of another database: each once, whoever gave them out. */
const withoutLeaf = "not exists (select from wardkeep_audit.leaf l where l.event = e.id and l.xid = e.xid)"

/** The logs of a batch. */
export class OpenLogs {
  readonly #client: Queryable
  readonly #open = new Map<string, OpenLog>()

  constructor(client: Queryable) {
    this.#client = client
  }

  get touched(): OpenLog[] {
    return [...this.#open.values()]
  }

  async log(tenant: string): Promise<OpenLog> {
    const present = this.#open.get(tenant)
    if (present !== undefined) return present
    const found = await this.#client.query<{ id: number; seed: Buffer; size: string; frontier: Buffer }>(
      "insert into wardkeep_audit.log (tenant, seed) values ($1, $2) on conflict (tenant) do update set size = log.size returning id, seed, size::text, frontier",
      [tenant, randomBytes(32)],
    )
    const row = found.rows[0]
    if (row === undefined) throw new Error("an upsert returns its row")
    const { id, seed } = row
    const log: OpenLog = { id, tenant, seed, frontier: frontierFrom(BigInt(row.size), row.frontier), pending: [] }
    this.#open.set(tenant, log)
    return log
  }

  /**
   * Appends every event of the batch, in the order of transaction and event. As numbers: a bare `xid` would be the text that
   * is selected. OFFSET 0 keeps the planner from reading the whole log in the order of its key.
   *
   * @param previous the snapshot of the batch before; null: every event that no leaf holds
   */
  async appendEvents(previous: string | null): Promise<number> {
    await this.#client.query(
      `declare batch no scroll cursor for select ${fields} from (select e.* from wardkeep_audit.event e
        where ${previous === null ? withoutLeaf : seenSince} offset 0) e order by e.xid, e.id`,
      previous === null ? [] : [previous],
    )
    let events = 0
    for (;;) {
      const { rows } = await this.#client.query<SealedEvent & { at: string }>(`fetch ${page} from batch`)
      for (const event of rows) {
        const seed = randomBytes(32)
        const log = await this.log(event.tenant)
        append(log, { entry: eventEntry(event, seed), at: event.at, event, seed })
      }
      events += rows.length
      await this.flush()
      if (rows.length < page) break
    }
    await this.#client.query("close batch")
    return events
  }

  /** Appends a leaf that carries its own bytes. */
  async appendEntry(tenant: string, entry: Buffer, at: string): Promise<void> {
    append(await this.log(tenant), { entry, at })
  }

  /** Writes what is pending, and the new frontiers. */
  async flush(): Promise<void> {
    for (const log of this.#open.values()) {
      if (log.pending.length === 0) continue
      const column = <K extends keyof Leaf>(key: K): Leaf[K][] => log.pending.map((leaf) => leaf[key])
      await this.#client.query(
        `insert into wardkeep_audit.leaf (log, index, hash, at, xid, event, seed, entry)
         select $1, u.* from unnest($2::bigint[], $3::bytea[], $4::timestamptz[], $5::text[]::xid8[], $6::bigint[], $7::bytea[], $8::bytea[]) u`,
        [
          log.id,
          column("index"),
          column("hash"),
          column("at"),
          column("xid"),
          column("event"),
          column("seed"),
          column("entry"),
        ],
      )
      await this.#client.query("update wardkeep_audit.log set size = $2, frontier = $3 where id = $1", [
        log.id,
        log.frontier.size,
        frontierBytes(log.frontier),
      ])
      log.pending = []
    }
  }
}

function append(log: OpenLog, leaf: { entry: Buffer; at: string; event?: SealedEvent; seed?: Buffer }): void {
  const hash = leafHash(leaf.entry)
  const { event } = leaf
  log.pending.push({
    index: log.frontier.size,
    hash,
    at: leaf.at,
    xid: event?.xid ?? null,
    event: event?.id ?? null,
    seed: leaf.seed ?? null,
    entry: event === undefined ? leaf.entry : null,
  })
  log.frontier = grow(log.frontier, hash)
}
