import { quoteIdent, WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Connection } from "../database/connection.js"
import type { Outcome, Row, ServerError } from "../database/outcome.js"
import { rolledBackAfter, type Transaction } from "../database/transaction.js"
import type { Unanswered } from "../database/unanswered.js"

export interface SampleRow {
  readonly place: string
  readonly values: Readonly<Record<string, unknown>>
}

/** What a tenant owns in one table, as far as somebody could see it. */
export interface Owned {
  readonly rows: readonly SampleRow[]
  readonly count: number
  /** The reader whom no policy stops, or the tenant itself. */
  readonly seenBy: "reader" | "tenant"
  /** Codes of errors for which nobody could see them. */
  readonly unanswered?: readonly string[]
}

/** Rows counted at most; more are "at least". */
export const countLimit = 10_000
const sampleLimit = 20
const values = z.record(z.string(), z.unknown())

/** Which rows exist and whose they are: the truth that every probe is compared with. Read once per table and tenant. */
export class Facts {
  readonly #reader: Connection
  readonly #unanswered: Unanswered
  readonly #known = new Map<string, Promise<Owned>>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(reader: Connection, unanswered: Unanswered) {
    this.#reader = reader
    this.#unanswered = unanswered
  }

  /**
   * What the reader whom no policy stops sees. Where a policy does stop it, that is an error and noted, never an answer
   * with fewer rows: "nobody else has this" would follow from not seeing.
   */
  async ask(sql: string, values: readonly unknown[] = [], limit = "60s"): Promise<Outcome> {
    const outcome = await this.#asReader(limit, async (tx) => await tx.attempt(sql, values))
    if (outcome.error?.code === "42501") {
      this.#unanswered.add("42501, policies or privileges stop the login of --database-url; give one that none stops")
    }
    return outcome
  }

  /** One transaction at a time, whoever asks meanwhile. */
  async #asReader<T>(limit: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    // An error instead of silently missing rows where the reader is not exempt.
    const first = [
      "set transaction read only",
      "set local row_security = off",
      `set local statement_timeout = '${limit}'`,
    ]
    const mine = this.#turn.then(async () => await rolledBackAfter(this.#reader, first, refused, work))
    this.#turn = mine.catch(() => undefined)
    return await mine
  }

  async owned(relation: Relation, actor: Actor): Promise<Owned> {
    const id = `${relation.oid} ${actor.name}`
    const known = this.#known.get(id) ?? this.#read(relation, actor)
    this.#known.set(id, known)
    const owned = await known
    // Every check that goes by it, not only the first one, has nothing to go by.
    for (const code of owned.unanswered ?? []) this.#unanswered.note(code)
    return owned
  }

  /** A few rows for which this holds; none where the reader does not see them. */
  async sample(relation: Relation, where: string, limit: number): Promise<readonly SampleRow[]> {
    const { rows } = await this.ask(`${sampleOf(relation)} where ${where} limit ${limit}`)
    return rows.map(sampleRow)
  }

  /** A few other values of that column; of a tenant's table, those of its own rows. */
  async others(relation: Relation, name: string, except: unknown, actor: Actor): Promise<readonly unknown[]> {
    const { by } = relation.tenancy
    if (by !== "global" && by !== "root" && by !== "nothing") {
      const { rows } = await this.owned(relation, actor)
      return [...new Set(rows.map(({ values }) => values[name]))].filter((value) => value !== except).slice(0, 3)
    }
    const column = `wk_row.${quoteIdent(name)}`
    const { rows } = await this.ask(
      `select distinct ${column}::text as value from ${quoted(relation)} as wk_row where ${column}::text <> $1 limit 3`,
      [String(except)],
    )
    return rows.map(({ value }) => value)
  }

  async #read(relation: Relation, actor: Actor): Promise<Owned> {
    const where = belongsTo(relation, "wk_row", actor.keys)
    const sample = `${sampleOf(relation)} where ${where} limit ${sampleLimit}`
    const count = `select count(*) as n from (select from ${quoted(relation)} as wk_row where ${where} limit ${countLimit}) as q`
    const codes: string[] = []
    const read = async (run: (sql: string) => Promise<Outcome>): Promise<Omit<Owned, "seenBy"> | undefined> => {
      const rows = await run(sample)
      if (rows.error !== undefined) {
        codes.push(rows.error.code)
        return undefined
      }
      const counted = rows.rows.length < sampleLimit ? rows.rows.length : await numberFrom(run, count)
      return { rows: rows.rows.map(sampleRow), count: counted }
    }
    // A view may filter by the context, which only the tenant has.
    const byReader =
      relation.kind === "v"
        ? undefined
        : await this.#asReader("10s", async (tx) => await read((sql) => tx.attempt(sql)))
    if (byReader !== undefined) return { ...byReader, seenBy: "reader" }
    const byTenant = await actor.look(async (tx) => await read((sql) => tx.attempt(sql)))
    if (byTenant !== undefined) return { ...byTenant, seenBy: "tenant" }
    return { rows: [], count: 0, seenBy: "tenant", unanswered: codes }
  }
}

const refused = ({ code, message }: ServerError): WardkeepError =>
  new WardkeepError("WK703", { message: `The login of --database-url cannot begin to read: ${code} ${message}` })

const sampleOf = (relation: Relation): string =>
  `select ${placeOf(relation)} as place, to_jsonb(wk_row)::text as values from ${quoted(relation)} as wk_row`

const placeOf = (relation: Relation): string =>
  relation.kind === "r" || relation.kind === "p" || relation.kind === "m"
    ? "wk_row.tableoid::text || ' ' || wk_row.ctid::text"
    : "''"

const sampleRow = ({ place, values: json }: Row): SampleRow => ({
  place: String(place),
  values: values.parse(JSON.parse(String(json))),
})

export async function numberFrom(run: (sql: string) => Promise<Outcome>, sql: string): Promise<number> {
  const { rows } = await run(sql)
  return numberOf(rows)
}

/** The single number of a single row; 0 where there is none. */
export function numberOf(rows: readonly Row[]): number {
  const [value] = Object.values(rows[0] ?? {})
  return value === undefined || value === null ? 0 : Number(value)
}
