import { quoteIdent, WardkeepError } from "@wardkeep/core"
import { type ScopedTable, scopeColumns } from "./scope.js"
import { qualified, type Step } from "./step.js"
import { addThroughColumns, orphans } from "./through.js"

/**
 * Scope columns: there, never null, and filled from the verified context so that models declare neither.
 *
 * @throws WK303 a scope column has a default of the host's · WK008 the parent of a `through` table has no key of one column
 */
export function columnSteps(
  entry: ScopedTable,
  scoped: ReadonlyMap<string, ScopedTable>,
  changed: ReadonlySet<string>,
): Step[] {
  if (entry.tenant === null) return []
  const target = qualified(entry.table.name)
  const steps: Step[] = []
  const missing = scopeColumns(entry).filter(([column]) => entry.added.includes(column))
  if (missing.length > 0 && entry.through !== null) steps.push(addThroughColumns(entry, missing, scoped))
  for (const [column, type] of scopeColumns(entry)) {
    const present = entry.table.columns.get(column)
    if (present?.notNull !== true) {
      steps.push({
        phase: "structure",
        object: `${entry.table.name}.${column}`,
        why: "a row without a scope belongs to nobody",
        sql: `alter table ${target} alter column ${quoteIdent(column)} set not null`,
        rows: entry.added.includes(column)
          ? orphans(entry, scoped)
          : `select * from ${target} where ${quoteIdent(column)} is null`,
      })
    }
    if (isTenancyKey(entry, column)) continue
    const source = column === entry.branch?.column ? "wardkeep.branch()" : "wardkeep.tenant()"
    const wanted = type === "text" ? source : `(${source})::${type}`
    if ((present?.default ?? null) === wanted) continue
    const wasOurs = changed.has(`default ${entry.table.name}.${column}`)
    if (
      !wasOurs &&
      present?.default !== null &&
      present?.default !== undefined &&
      !present.default.includes("wardkeep.")
    ) {
      throw new WardkeepError("WK303", {
        message: `${entry.table.name}.${column} has a default of its own: ${present.default}`,
      })
    }
    steps.push({
      phase: "support",
      object: `${entry.table.name}.${column}`,
      why: "filled from the context",
      sql: `alter table ${target} alter column ${quoteIdent(column)} set default ${wanted}`,
    })
  }
  return steps
}

/** The key of the tenant table is the tenant itself; it has no context to come from when a tenant is made. */
function isTenancyKey(entry: ScopedTable, column: string): boolean {
  return entry.key.length === 1 && entry.key[0] === column
}

/** The scope columns of a table followed by the rest of a key. */
export function scopedKey(entry: ScopedTable, rest: readonly string[]): string[] {
  const scope = scopeColumns(entry).map(([column]) => column)
  return [...scope, ...rest.filter((column) => !scope.includes(column))]
}
