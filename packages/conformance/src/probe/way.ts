import { isTable, type Relation } from "../catalog/relation.js"

/** A statement that is tried, and how it reaches the server: a line of the table in docs/guides/test.md. */
export interface Way {
  /** Such as `INSERT`. */
  readonly statement: string
  /** Such as `prepared, generic plan`; empty as it is. */
  readonly given: string
  readonly on: readonly ("tables" | "views")[]
  /** The first major version of the server on which it is tried, where that is not the first of all. */
  readonly from?: { readonly tables?: number; readonly views?: number }
}

export const onBoth = ["tables", "views"] as const

/** MERGE came with 15, and reaches views since 17. */
export const mergeFrom = { tables: 15, views: 17 } as const

/** Whether it is tried on that relation of that server. */
export function isTried({ on, from }: Way, relation: Relation, serverVersion: number): boolean {
  const kind = isTable(relation) ? "tables" : "views"
  return on.includes(kind) && serverVersion >= (from?.[kind] ?? 0) * 10_000
}

/** The two plans of a prepared statement: the server makes them from different expressions. */
export const plans = ["custom", "generic"] as const

/** The statement prepared and executed; `attempt` takes what was prepared back too. */
export const prepared = (plan: (typeof plans)[number], statement: string): string =>
  [`set local plan_cache_mode = force_${plan}_plan`, `prepare wk_way as ${statement}`, "execute wk_way"].join(";\n")
