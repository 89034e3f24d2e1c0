import { renames } from "./called.js"
import type { CatalogMap } from "./catalog-map.js"
import type { PlannedTables } from "./plan-tables.js"
import type { ViewedTable } from "./viewed.js"

/** How a table is called where it appears in a plan. */
export interface Aliases {
  /** As the text names it: its partitions' own numbers are taken off. */
  readonly aliases: ReadonlySet<string>
  /** As the plan does. */
  readonly planned: ReadonlySet<string>
}

export interface Surroundings {
  readonly text: string
  readonly origins: readonly string[]
  readonly map: CatalogMap
  readonly plan: PlannedTables | undefined
}

const ofSystem: ReadonlySet<string> = new Set(["ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"])

/** The columns that the result shows, the plan evaluates or the text names: a partial index takes a condition out of the plan. */
export function touched(table: ViewedTable, named: Aliases, { text, origins, map, plan }: Surroundings): string[] {
  const all = map.columns.get(table.relation) ?? []
  const evaluated = plan === undefined ? undefined : evaluatedOf(table, named, plan, map)
  // Of one table alone a plan prints columns by the names that the text gives them, without the alias.
  if (evaluated === undefined || renames(text, named.aliases)) return [...all]
  const shown = new Set(
    origins.flatMap((origin) => {
      const from = map.origins.get(origin)
      return from?.relation === table.relation ? [from.column] : []
    }),
  )
  return all.filter((column) => shown.has(column) || evaluated.has(column) || inText(column).test(text))
}

/** Those that the plan names behind the table's alias; undefined where it is all of a row, or a column by a name of the text's own. */
function evaluatedOf(
  { relation }: ViewedTable,
  { aliases, planned }: Aliases,
  { qualified, aliases: nodes, written }: PlannedTables,
  { columns, rootOf }: CatalogMap,
): Set<string> | undefined {
  const own = new Set([...(columns.get(relation) ?? []), ...ofSystem])
  const isWritten = [...written].some((target) => rootOf.get(target) === relation)
  const found = new Set<string>()
  for (const [qualifier, names] of qualified) {
    const isAlias =
      aliases.has(qualifier) ||
      planned.has(qualifier) ||
      (!nodes.has(qualifier) && aliases.has(qualifier.replace(/_\d+$/, "")))
    // RETURNING gives rows before and after a write names of their own, `old` or what WITH says, that stand at no node.
    if (!isAlias && (!isWritten || nodes.has(qualifier))) continue
    if (names.has("*")) return undefined
    for (const name of names) {
      if (isAlias && !own.has(name)) return undefined
      found.add(name)
    }
  }
  return found
}

function inText(column: string): RegExp {
  return new RegExp(`(?<![\\w$])${column.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\w$])`, "i")
}
