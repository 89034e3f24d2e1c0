import { quoteIdent } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import type { ScopedTable } from "./scope.js"
import { type Managed, qualified } from "./step.js"
import { wordTableName } from "./words.js"

/** Below this many branches the planner's guess does no harm. */
const fewBranches = 16
/**
 * But for words: until 16 it would leave the branch out of the index condition and read all words of the clinic. As many
 * from the first branch on, so that the next few change nothing.
 */
const fewestForWords = 8

/**
 * Tells the planner how many rows a branch has. It multiplies the shares of clinic and branch otherwise, expects a
 * hundredth of the rows and sorts a whole branch to show its newest fifty: 17 ms instead of 0.14 for 50,000 rows. And it
 * takes the branches of a context, unknown to it, for ten: it would read all of a clinic to filter one branch. Ten times
 * the number of branches, rounded to a power of two so that a few new branches change nothing, makes that one branch, or 0.7 to 1.4.
 */
export function scopeStatistics(entry: ScopedTable, branches: number): Managed[] {
  if (entry.tenant === null || entry.branch === null) return []
  const { name, schema, table } = entry.table
  const own = statistics(entry, name, `${schema}.wk_scope_${table}`, branches < fewBranches ? null : branches)
  if (entry.rule.search === undefined) return [own]
  const words = statistics(
    entry,
    wordTableName(entry),
    `${schema}.wk_scope_${table}_word`,
    Math.max(branches, fewestForWords),
  )
  return [own, words]
}

function statistics(entry: ScopedTable, table: string, object: string, branches: number | null): Managed {
  const branch = quoteIdent(entry.branch?.column ?? "")
  const columns = `${quoteIdent(entry.tenant?.column ?? "")}, ${branch}`
  const option = entry.table.kind === "p" ? "n_distinct_inherited" : "n_distinct"
  const distinct = (count: number): string =>
    `alter table ${qualified(table)} alter column ${branch} set (${option} = ${10 * 2 ** Math.round(Math.log2(count))})`
  return {
    id: `statistics ${object}`,
    phase: "support",
    why: "the planner knows how many rows a branch has",
    create: [
      `create statistics ${qualified(object)} (dependencies) on ${columns} from ${qualified(table)}`,
      ...(branches === null ? [] : [distinct(branches)]),
      // It would read the foreign tables among the partitions, with a user mapping that the owner need not have.
      ...(entry.table.foreignParts && table === entry.table.name ? [] : [`analyze ${qualified(table)} (${columns})`]),
    ].join(";\n"),
    drop: `drop statistics if exists ${qualified(object)}`,
    commentOn: `statistics ${qualified(object)}`,
    on: table,
  }
}

/** From the branch table until it is FORCEd, from its mirror afterwards: the owner sees no rows without a context then. */
export async function countBranches(client: Queryable, branch: ScopedTable | undefined): Promise<number> {
  if (branch === undefined) return 0
  const source = branch.table.forced ? "wardkeep.known_branch" : qualified(branch.table.name)
  const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${source}`)
  return rows[0]?.count ?? 0
}
