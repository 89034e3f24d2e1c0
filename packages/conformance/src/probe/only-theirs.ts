import { quoteLiteral } from "@wardkeep/core"
import { isTable, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { holdsTenants } from "./ground.js"
import { names } from "./policy-parts.js"

/** Rows above which a table is not read as a whole. */
export const manyRows = 200_000

/** Tables that this source names and whose rows are tenants'. */
export const tenantTablesIn = ({ catalog }: Scene, source: string): Relation[] =>
  catalog.relations.filter((one) => holdsTenants(one) && names(source, one.name))

/**
 * Whether a value stands in no row but the victim's of all tables that this source names; false where that cannot be
 * known. What is everybody's word, or also another tenant's, may be meant as that.
 */
export async function isOnlyTheirs(scene: Scene, victim: Actor, source: string, text: string): Promise<boolean> {
  const tables = scene.catalog.relations.filter((one) => isTable(one) && names(source, one.name))
  if (tables.some(({ tuples }) => tuples > manyRows)) return false
  for (const table of tables) {
    const others = holdsTenants(table) ? `and (${belongsTo(table, "wk_row", victim.keys)}) is not true` : ""
    const { rows, error } = await scene.facts.ask(
      `select from ${quoted(table)} as wk_row where strpos(wk_row::text, ${quoteLiteral(text)}) > 0 ${others} limit 1`,
    )
    if (error !== undefined || rows.length > 0) return false
  }
  return tables.length > 0
}
