import type { Policy } from "@wardkeep/core"

/** A table whose views the policy file records. */
export interface ViewedTable {
  /** `schema.table` */
  readonly relation: string
  readonly subject: string | undefined
  /** The groups that each column is in. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** Columns that are not shown without saying whose they are. */
  readonly strict: ReadonlySet<string>
  /** The parent whose subject is this table's. */
  readonly through: { readonly parent: string; readonly by: string } | undefined
}

/** The tables of a policy file whose views are recorded, by name. */
export function viewedTables(policy: Pick<Policy, "tables">): Map<string, ViewedTable> {
  const viewed = new Map<string, ViewedTable>()
  for (const [relation, rule] of policy.tables) {
    const views = rule.audit?.views
    if (views === undefined) continue
    const columns = rule.columns ?? {}
    const groups = new Map<string, string[]>()
    for (const [group, members] of Object.entries(columns))
      for (const column of members) groups.set(column, [...(groups.get(column) ?? []), group])
    const strict = views === true ? [] : views.strict.flatMap((name) => columns[name] ?? [name])
    const through = typeof rule.scope === "object" && "through" in rule.scope ? rule.scope : undefined
    viewed.set(relation, {
      relation,
      subject: rule.subject,
      groups,
      strict: new Set(strict),
      through: through === undefined ? undefined : { parent: through.through, by: through.by },
    })
  }
  return viewed
}

/** The groups of some columns, in the policy file's order. */
export function groupsOf(table: ViewedTable, columns: Iterable<string>): string[] {
  const found = new Set<string>()
  for (const column of columns) for (const group of table.groups.get(column) ?? []) found.add(group)
  return [...new Set([...table.groups.values()].flat())].filter((group) => found.has(group))
}
