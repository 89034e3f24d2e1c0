import { quoteIdent } from "@wardkeep/core"
import type { ScopedTable } from "./scope.js"
import { type Managed, qualified } from "./step.js"

/**
 * Tells the planner that a branch determines its clinic. It multiplies the two shares otherwise, expects a hundredth of
 * the rows, and sorts a whole branch to show its newest fifty: 3.4 ms instead of 0.07 for five branches of a thousand.
 */
export function scopeStatistics(entry: ScopedTable): Managed[] {
  if (entry.tenant === null || entry.branch === null) return []
  const { name, schema, table } = entry.table
  const object = `${schema}.wk_scope_${table}`
  const columns = `${quoteIdent(entry.tenant.column)}, ${quoteIdent(entry.branch.column)}`
  return [
    {
      id: `statistics ${object}`,
      phase: "support",
      why: "the planner knows how many rows a branch has",
      create: [
        `create statistics ${qualified(object)} (dependencies) on ${columns} from ${qualified(name)}`,
        `analyze ${qualified(name)} (${columns})`,
      ].join(";\n"),
      drop: `drop statistics if exists ${qualified(object)}`,
      commentOn: `statistics ${qualified(object)}`,
    },
  ]
}
