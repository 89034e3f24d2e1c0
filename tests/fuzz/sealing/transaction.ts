import type pg from "pg"
import { type Ledger, recordKey, rowsOf, type Written } from "./ledger.ts"
import type { Rows, Run } from "./rows.ts"

/** What is undone by going back to a savepoint. */
interface Mark {
  readonly written: number
  readonly made: number
  readonly gone: number
}

/** What one statement is to record. */
export type Records = Omit<Written, "request">

/** One transaction of a writer, and what it will have recorded if it commits. */
export class Transaction {
  readonly #client: pg.Client
  readonly #rows: Rows
  readonly #name: string
  #statements = 0
  #xid: string | undefined
  readonly #written: Written[] = []
  readonly #made: Run[] = []
  readonly #used: Run[] = []
  readonly #gone: Run[] = []

  /** @param name no other transaction has it */
  constructor(client: pg.Client, rows: Rows, name: string) {
    this.#client = client
    this.#rows = rows
    this.#name = name
    rows.begin()
  }

  /** Undefined as long as it wrote nothing: whatever becomes of it then, it leaves nothing. */
  get xid(): string | undefined {
    return this.#xid
  }

  get name(): string {
    return this.#name
  }

  get written(): readonly Written[] {
    return this.#written
  }

  async ask(sql: string): Promise<void> {
    await this.#client.query(sql)
  }

  /**
   * Runs statements under one request id, and notes what they recorded.
   *
   * @param sql given the request id, which makes a value that no row has yet
   */
  async record(sql: (request: string) => string, ...records: readonly Records[]): Promise<void> {
    const request = `${this.#name}-${++this.#statements}`
    const text = `select set_config('wardkeep.request', '${request}', true); ${sql(request)}; select pg_current_xact_id_if_assigned()::text as xid`
    const results = (await this.#client.query(text)) as unknown as pg.QueryResult<{ xid: string | null }>[]
    this.#xid = results.at(-1)?.rows[0]?.xid ?? this.#xid
    const changed = results.reduce(
      (sum, { command, rowCount }) => sum + (changes.has(command) ? (rowCount ?? 0) : 0),
      0,
    )
    const noted = records.map((each) => ({ request, ...each }))
    const expected = noted.reduce((sum, each) => sum + (each.verb === "view" || each.cascades ? 0 : rowsOf(each)), 0)
    if (changed !== expected) throw new Error(`${request}: ${changed} rows changed, not ${expected}`)
    this.#written.push(...noted)
  }

  make(count: number): Run {
    const run = this.#rows.fresh(count)
    this.#made.push(run)
    return run
  }

  /** Rows that are there and that nothing else works on meanwhile. */
  take(random: () => number, most: number): Run | undefined {
    const run = this.#rows.take(random, most)
    if (run !== undefined) this.#used.push(run)
    return run
  }

  /** Of a run that was taken or made here: it was deleted. */
  remove(run: Run): void {
    this.#gone.push(run)
  }

  mark(): Mark {
    return { written: this.#written.length, made: this.#made.length, gone: this.#gone.length }
  }

  back({ written, made, gone }: Mark): void {
    this.#written.length = written
    this.#made.length = made
    this.#gone.length = gone
  }

  /** Once it is known what became of it. */
  settle(ledger: Ledger, committed: boolean, inOrderOf?: number): void {
    if (committed) ledger.commit({ written: this.#written, inOrderOf })
    const left = committed ? [...this.#used, ...this.#made].filter((run) => !this.#gone.includes(run)) : this.#used
    for (const run of left) this.#rows.give(run)
  }
}

const changes: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE"])

/** SQL that is true of the rows of a run. */
export const within = ({ first, last }: Run): string => `id between '${recordKey(first)}' and '${recordKey(last)}'`
/** SQL: the keys of a run, as rows of `k`. */
export const keysOf = ({ first, last }: Run): string =>
  `(select lpad(to_hex(n), 32, '0')::uuid as id from generate_series(${first}::bigint, ${last}::bigint) n) k`
