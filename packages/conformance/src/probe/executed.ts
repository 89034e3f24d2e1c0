import { quoted, type Relation } from "../catalog/relation.js"
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
  if (!executesText(source)) return []
  const tables = executedOn(scene, source)
  const [first] = tables
  const said = first === undefined ? [] : saying(`select string_agg(wk_row::text, ' ') from ${quoted(first)} as wk_row`)
  const named = tables.flatMap((table) => [table.name, `${table.schema}.${table.name}`])
  // What is quoted as a name is no condition.
  return /%I|quote_ident/i.test(source) ? [...named, ...conditions, ...said] : [...conditions, ...said, ...named]
}

/** Those that it names; where it names none, any. */
export function executedOn(scene: Scene, source: string): Relation[] {
  const named = tenantTablesIn(scene, source)
  return (named.length > 0 ? named : scene.catalog.relations.filter(holdsTenants)).slice(0, 2)
}

/** Per table, the columns of text that such a function may be asked to show. */
export const executedColumns = (scene: Scene, { source }: Routine): string[][] =>
  executesText(source)
    ? executedOn(scene, source)
        .map(({ columns }) => columns.filter(({ category }) => category === "S").map(({ name }) => name))
        .filter((names) => names.length > 0)
    : []

export const executesText = (source: string): boolean => /\bexecute\b/i.test(source.replace(/^.*?\bas\s+(?=\$)/is, ""))

const saying = (query: string): string[] => [
  `cast((${query}) as int)`,
  `cast((${query}) as int) = 1`,
  `' || cast((${query}) as int) || '`,
]
