import type { Finding, Policy } from "@wardkeep/core"
import type { CatalogConstraint } from "./catalog.js"
import { type ScopedTable, scopeColumns } from "./scope.js"

type Scoped = ReadonlyMap<string, ScopedTable>

const changes: ReadonlySet<string> = new Set(["c", "n", "d"])

/** Foreign keys that no step can hold inside the fence: PostgreSQL checks and cascades them without asking any policy. */
export function referenceFindings(policy: Policy, entry: ScopedTable, scoped: Scoped): Finding[] {
  return entry.table.constraints.flatMap((fk) => {
    const parent = fk.type === "f" && fk.parent !== null ? scoped.get(fk.parent) : undefined
    if (parent === undefined || parent.tenant === null) return []
    return [...crossing(entry, parent, fk), ...cascading(policy, entry, parent, fk, scoped)]
  })
}

/** A reference whose scope is not the row's own: it can point at, and so ask for, rows of another branch or tenant. */
function crossing(child: ScopedTable, parent: ScopedTable, fk: CatalogConstraint): Finding[] {
  const pairs = fk.parentColumns.map((column, index) => [column, fk.columns[index]] as const)
  const own = (column: string | undefined): boolean =>
    child.tenant !== null &&
    pairs.some(([theirs, mine]) => theirs === column && mine === ownColumn(child, parent, theirs))
  const named = scopeColumns(parent).filter(([column]) => fk.parentColumns.includes(column))
  // A key that names no scope is replaced by a composite one, unless the row has no scope to put into it.
  if (child.tenant !== null && named.every(([column]) => own(column))) return []
  return [
    {
      check: "foreign-key-across-branches",
      severity: "leak",
      object: `${child.table.name} ${fk.name}`,
      message: `${fk.columns.join(", ")} need not be the row's own ${parent.branch === null ? "tenant" : "tenant and branch"}: a row can refer to ${parent.table.name} of another one, and inserting tells whether it exists`,
      fix: "Refer with the row's own scope columns, or drop the foreign key",
    },
  ]
}

/** The child's own column for a scope column of the parent. */
export function ownColumn(child: ScopedTable, parent: ScopedTable, column: string): string | undefined {
  return column === parent.branch?.column ? child.branch?.column : child.tenant?.column
}

/** A row that all branches share is deleted by one of them, and takes rows of the others with it. */
function cascading(
  policy: Policy,
  child: ScopedTable,
  parent: ScopedTable,
  fk: CatalogConstraint,
  scoped: Scoped,
): Finding[] {
  if (parent.branch !== null || child.branch === null) return []
  const deletes = changes.has(fk.onDelete) && deletable(policy, scoped).has(parent.table.name)
  const updates = changes.has(fk.onUpdate) && keyUpdatable(policy, parent, fk)
  if (!deletes && !updates) return []
  return [
    {
      check: "cascade-across-branches",
      severity: "leak",
      object: `${child.table.name} ${fk.name}`,
      message: `a role that may ${deletes ? "delete" : "update"} rows of ${parent.table.name}, which all branches share, so ${deletes && fk.onDelete === "c" ? "deletes" : "changes"} rows of ${child.table.name} in branches it does not see`,
      fix: `Take ${deletes ? "delete" : "update"} of ${parent.table.name} from the roles, or make the foreign key ${deletes ? "on delete" : "on update"} no action`,
    },
  ]
}

/** Tables whose rows a role can delete, itself or through a cascade. */
function deletable(policy: Policy, scoped: Scoped): Set<string> {
  const found = new Set(
    policy.actors.flatMap((actor) =>
      [...actor.can].filter(([, can]) => can.rules.delete !== undefined).map(([n]) => n),
    ),
  )
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const entry of scoped.values()) {
      const taken = entry.table.constraints.some((k) => k.onDelete === "c" && k.parent !== null && found.has(k.parent))
      if (taken) found.add(entry.table.name)
    }
  }
  return found
}

/** Keys and scope columns are set once; another unique column that is referred to may be updatable. */
function keyUpdatable(policy: Policy, parent: ScopedTable, fk: CatalogConstraint): boolean {
  const fixed = [...parent.key, ...scopeColumns(parent).map(([column]) => column), parent.rule.subject]
  const open = fk.parentColumns.filter((column) => !fixed.includes(column))
  return policy.actors.some((actor) => {
    const columns = actor.can.get(parent.table.name)?.rules.update?.columns ?? []
    return columns === "all" ? open.length > 0 : open.some((column) => columns.includes(column))
  })
}
