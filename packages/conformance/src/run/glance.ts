import type { Catalog } from "../catalog/catalog.js"
import { labelOf, quoted, type Relation, type Tenancy } from "../catalog/relation.js"
import type { Row } from "../database/outcome.js"
import { whyUnanswered } from "../database/unanswered.js"
import type { Facts } from "../probe/facts.js"

export type Derived = Extract<Tenancy, { by: "derived" }>

export interface Looking {
  readonly catalog: Catalog
  readonly glance: Glance
  readonly keys: readonly (readonly string[])[]
}

/** Milliseconds for one question about a table, and for all of them together. */
export interface GlanceLimits {
  readonly one: number
  readonly all: number
}

export const glanceLimits: GlanceLimits = { one: 2_000, all: 10_000 }

/** Rows that are read to see what a table's rows say. */
const rowLimit = 2_000

/** Questions to tables of whatever size, which may go without an answer: it is said which did. */
export class Glance {
  readonly #facts: Facts
  readonly #limits: GlanceLimits
  readonly #unseen = new Map<string, Set<string>>()
  #left: number

  constructor(facts: Facts, limits: GlanceLimits = glanceLimits) {
    this.#facts = facts
    this.#limits = limits
    this.#left = limits.all
  }

  /** None where it was refused or there was no time. */
  async at(relation: Relation, columns: string, sql: string): Promise<readonly Row[]> {
    const limit = Math.floor(Math.min(this.#limits.one, this.#left))
    if (limit < 1) return this.#notSeen(relation, columns)
    const began = performance.now()
    const { rows, error } = await this.#facts.ask(sql, [], `${limit}ms`)
    this.#left -= performance.now() - began
    return error !== undefined && whyUnanswered(error.code) !== undefined ? this.#notSeen(relation, columns) : rows
  }

  #notSeen(relation: Relation, columns: string): readonly Row[] {
    const label = labelOf(relation)
    this.#unseen.set(label, (this.#unseen.get(label) ?? new Set<string>()).add(columns))
    return []
  }

  /** Of tables whose rows were not told to be anybody's meanwhile. */
  notCovered({ relations }: Catalog): string[] {
    const open = relations.filter(({ tenancy }) => tenancy.by === "nothing").map(labelOf)
    const list = open.flatMap((label) => {
      const columns = [...(this.#unseen.get(label) ?? [])]
      return columns.length === 0 ? [] : [`${label} (${columns.join(", ")})`]
    })
    return list.length === 0
      ? []
      : [
          `Whether these columns say whose a row is was not looked at, for it took too long: ${list.join(", ")}. Give the tables a column in tenantColumns, or put them into global.`,
        ]
  }
}

/** The first rows, and of a large table others from anywhere: what is written first may be one tenant's. */
export function sampled(relation: Relation): string {
  const from = quoted(relation)
  if (relation.tuples <= 2 * rowLimit) return `(select * from ${from} limit ${rowLimit})`
  const half = rowLimit / 2
  const percent = ((100 * half) / relation.tuples).toFixed(6)
  return `((select * from ${from} limit ${half}) union all (select * from ${from} tablesample system (${percent}) repeatable (1) limit ${half}))`
}
