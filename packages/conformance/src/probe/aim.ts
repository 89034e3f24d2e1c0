import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { columnOf, primaryKey, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Outcome } from "../database/outcome.js"
import type { Transaction } from "../database/transaction.js"
import type { Owned, SampleRow } from "./facts.js"

/**
 * Predicates that single out the victim's rows, the plainest first. Later ones serve where the attacker may not read
 * the tenant column, or where the tenant stands in a parent that the attacker does not see.
 */
export function aims(relation: Relation, victim: Actor, owned: Owned): string[] {
  const { tenancy } = relation
  const direct = tenancy.by === "column" || tenancy.by === "root" || tenancy.by === "schema"
  const inRow = tenancy.by === "derived" && tenancy.inRow
  const byKey = surrogateAim(relation, owned.rows)
  const byPlace = placeAim(relation, owned.rows)
  const whose = belongsTo(relation, "wk_row", victim.keys)
  return [...(direct ? [whose] : []), ...byKey, ...byPlace, ...(inRow ? [whose] : [])]
}

/** Only numbers and UUIDs: a natural key is a real person's. */
export function surrogateAim(relation: Relation, rows: readonly SampleRow[]): string[] {
  const columns = primaryKey(relation)?.columns.map((name) => columnOf(relation, name)) ?? []
  const plain = columns.flatMap((column) =>
    column !== undefined && (column.category === "N" || column.base === "uuid") ? [column] : [],
  )
  if (plain.length === 0 || plain.length !== columns.length || rows.length === 0) return []
  const names = plain.map(({ name }) => `wk_row.${quoteIdent(name)}`).join(", ")
  const tuples = rows
    .slice(0, 5)
    .map(
      ({ values }) => `(${plain.map(({ name, base }) => `${quoteLiteral(String(values[name]))}::${base}`).join(", ")})`,
    )
  return [`(${names}) in (${tuples.join(", ")})`]
}

function placeAim(relation: Relation, rows: readonly SampleRow[]): string[] {
  if (relation.kind !== "r" || rows.length === 0) return []
  const places = rows.slice(0, 5).map(({ place }) => quoteLiteral(place.slice(place.indexOf(" ") + 1)))
  return [`wk_row.ctid = any (array[${places.join(", ")}]::tid[])`]
}

/** Tries the aims in turn until one is not refused; the statement that was answered comes with it. */
export async function aimed(
  tx: Transaction,
  relation: Relation,
  victim: Actor,
  owned: Owned,
  statement: (relation: Relation, where: string) => string,
): Promise<{ readonly seen: Outcome; readonly attack: string }> {
  let last: { seen: Outcome; attack: string } | undefined
  for (const where of aims(relation, victim, owned)) {
    const attack = statement(relation, where)
    last = { seen: await tx.attempt(attack), attack }
    if (last.seen.error?.code !== "42501") return last
  }
  return last ?? { seen: { rows: [], count: 0, error: undefined, notices: [] }, attack: "" }
}
