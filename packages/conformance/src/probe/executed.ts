import { quoted } from "../catalog/relation.js"
import type { Scene } from "../run/check.js"
import type { Routine } from "./argument.js"
import { holdsTenants } from "./ground.js"
import { tenantTablesIn } from "./only-theirs.js"

/** What a careless EXECUTE turns into SQL that compares nothing. */
const conditions = ["true", "false or true", "' or true --", "1=1"]

/**
 * Texts for a function that puts its SQL together: names of tables, conditions, and expressions that say a table's rows in
 * their error wherever an expression may stand, be it behind ORDER BY or LIMIT.
 */
export function executed(scene: Scene, { source }: Routine): string[] {
  if (!/\bexecute\b/i.test(source.replace(/^.*?\bas\s+(?=\$)/is, ""))) return []
  const named = tenantTablesIn(scene, source)
  const tables = (named.length > 0 ? named : scene.catalog.relations.filter(holdsTenants)).slice(0, 2)
  const [first] = tables
  const said = first === undefined ? [] : saying(`select string_agg(wk_row::text, ' ') from ${quoted(first)} as wk_row`)
  return [...conditions, ...said, ...tables.flatMap((table) => [table.name, `${table.schema}.${table.name}`])]
}

const saying = (query: string): string[] => [
  `cast((${query}) as int)`,
  `cast((${query}) as int) = 1`,
  `' || cast((${query}) as int) || '`,
]
