import { quoteIdent } from "@wardkeep/core"
import { type Column, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo, decidingColumns } from "../catalog/whose.js"
import type { Transaction } from "../database/transaction.js"
import { aims } from "./aim.js"
import { numberOf } from "./facts.js"
import type { Ground } from "./ground.js"

/** Rows above which a blind statement touches a random part only. */
const manyRows = 5_000

/**
 * A condition without columns, so that PostgreSQL asks for no SELECT privilege and applies no SELECT policy, and that
 * still spares a large table.
 */
export function sparing({ tuples }: Relation): string {
  return tuples > manyRows ? ` where random() < ${(manyRows / tuples).toFixed(6)}` : ""
}

/** How many rows the victim sees, in a transaction into which the attacker has already written. */
export async function victimSees(tx: Transaction, ground: Ground, condition?: string): Promise<number | undefined> {
  const { relation, attacker, victim, theirs } = ground
  if (!(await victim.takeOver(tx, attacker))) return undefined
  const where = condition ?? aims(relation, victim, theirs)[0]
  if (where === undefined) return undefined
  const { rows, error } = await tx.attempt(`select count(*) from ${quoted(relation)} as wk_row where ${where}`)
  return error === undefined ? numberOf(rows) : undefined
}

/** Rows that this very transaction wrote. */
export const writtenHere = "wk_row.xmin = pg_catalog.pg_current_xact_id()::xid"

/** A column that can be overwritten with a value of one's own without breaking a key. */
export function harmlessColumn({ relation, rights }: Ground): Column | undefined {
  const keyed = new Set(relation.keys.flatMap(({ columns }) => columns))
  const tenant = decidingColumns(relation)
  const usable = relation.columns.filter(
    ({ name, generated, identity }) =>
      rights.update.includes(name) && !keyed.has(name) && !tenant.includes(name) && !generated && identity !== "a",
  )
  return usable.find(({ category }) => category === "S") ?? usable.find(({ notNull }) => !notNull) ?? usable[0]
}

/** A value for that column that needs no column of the row it is written to. */
export function ownValue({ relation, attacker, mine, rights }: Ground, column: Column): string | undefined {
  if (!column.notNull) return "null"
  const own = aims(relation, attacker, mine)[0]
  if (own === undefined || mine.count === 0 || !rights.select.includes(column.name)) return undefined
  return `(select o.v from (select wk_row.${quoteIdent(column.name)} as v from ${quoted(relation)} as wk_row where ${own} limit 1) as o)`
}

/** Whether more rows were hit than there are without the victim's. Needs a reader who sees all. */
export async function hitsTooMany({ scene, relation, victim, theirs }: Ground, hit: number): Promise<boolean> {
  if (theirs.seenBy !== "reader" || relation.tuples > manyRows) return false
  const { rows, error } = await scene.facts.ask(
    `select count(*) from ${quoted(relation)} as wk_row where (${belongsTo(relation, "wk_row", victim.keys)}) is not true`,
  )
  return error === undefined && hit > numberOf(rows)
}
