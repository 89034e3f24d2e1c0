import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"

interface Position {
  readonly n: number
  readonly at: string
}

interface Way {
  readonly name: string
  readonly begin: string
  readonly next: string
}

const state = "(select pg_current_snapshot()::text) as at"
const seen = "pg_visible_in_snapshot(e.xid, pg_current_snapshot()) and e.xid < pg_snapshot_xmax(pg_current_snapshot())"

/** Ways to read what is new; copies for this test alone, the product's is beside them. */
const ways = {
  /** What everybody writes first. */
  number: {
    name: "id > last",
    begin: "select coalesce(max(id), 0)::text as at, 0 as n from wardkeep_audit.event",
    next: "select count(*)::int as n, coalesce(max(id), $1::bigint)::text as at from wardkeep_audit.event e where e.id > $1::bigint",
  },
  /** A sealer that forgets which transactions were open when it last looked. */
  forgetful: {
    name: "snapshot without what was open",
    begin: `select ${state}, 0 as n`,
    next: `select count(*)::int as n, ${state} from wardkeep_audit.event e where e.xid >= pg_snapshot_xmax($1::pg_snapshot) and ${seen}`,
  },
  snapshot: {
    name: "snapshot",
    begin: `select ${state}, 0 as n`,
    next: `select count(*)::int as n, ${state} from wardkeep_audit.event e where ${seen}
      and (e.xid >= pg_snapshot_xmax($1::pg_snapshot) or e.xid = any (array(select pg_snapshot_xip($1::pg_snapshot))))`,
  },
} satisfies Record<string, Way>

export type CursorName = keyof typeof ways

/** Three ways to follow the log, one beside the other over the same stream; each says how many events it was given. */
export class Cursors {
  readonly #client: pg.Client
  readonly #at = new Map<CursorName, string>()
  readonly found: Record<CursorName, number> = { number: 0, forgetful: 0, snapshot: 0 }

  constructor(client: pg.Client) {
    this.#client = client
  }

  async begin(): Promise<void> {
    for (const name of Object.keys(ways) as CursorName[]) await this.#step(name, ways[name].begin, [])
  }

  /** Looks at what is new until the signal aborts, and once more. */
  async follow(milliseconds: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look()
      await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
    }
    await this.look()
  }

  async look(): Promise<void> {
    for (const name of Object.keys(ways) as CursorName[])
      await this.#step(name, ways[name].next, [this.#at.get(name) ?? ""])
  }

  async #step(name: CursorName, sql: string, values: string[]): Promise<void> {
    const { rows } = await this.#client.query<Position>(sql, values)
    const [{ n, at } = { n: 0, at: "" }] = rows
    this.#at.set(name, at)
    this.found[name] += n
  }
}
