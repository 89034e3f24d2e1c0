import { quoteIdent } from "@wardkeep/core"
import type { Catalog, CatalogTable } from "./catalog.js"
import type { ScopedTable } from "./scope.js"
import { qualified } from "./step.js"

/** What a step could not correct, because it is the host's to decide: the text of each. */
export function hostObjectsInTheWay(
  catalog: Catalog,
  scoped: ReadonlyMap<string, ScopedTable>,
  covered: readonly CatalogTable[],
): string[] {
  const names = new Set(covered.map((table) => table.name))
  const fenced = (name: string): boolean => names.has(name) && scoped.get(name)?.level !== "global"
  return [
    ...owners(catalog, covered),
    ...catalog.foreignPolicies
      .filter((policy) => names.has(policy.slice(0, policy.indexOf(" "))))
      .map((policy) => `policy ${policy} is not ours and could widen the fence; drop it first`),
    ...inheritance(catalog, fenced),
    ...roots(scoped, fenced),
  ]
}

/** Of everything that steps alter: tables that shall carry policies of ours, and tables that shall lose them. */
function owners(catalog: Catalog, covered: readonly CatalogTable[]): string[] {
  const me = catalog.currentUser
  return [...covered, ...catalog.leftBehind]
    .filter(({ owner }) => owner !== me)
    .map(({ name, owner }) => `${name} belongs to ${owner}; alter table ${qualified(name)} owner to ${quoteIdent(me)}`)
}

/**
 * Rows of a child are shown through its parent by the parent's policies, and by its own name by its own: neither knows the
 * other's, and keys lead from neither to the branch. Partitions can do all that INHERITS is needed for here, so it is refused.
 */
function inheritance(catalog: Catalog, fenced: (name: string) => boolean): string[] {
  return catalog.inheritance
    .filter(({ child, parent }) => fenced(child) || fenced(parent))
    .map(({ child, parent }) => {
      const why = fenced(parent)
        ? "its rows are shown with those of a fenced table, and have no fence of their own"
        : "shows its rows, and none of their fences"
      return `${child} inherits from ${parent}: ${fenced(parent) ? why : `${parent} ${why}`}; alter table ${qualified(child)} no inherit ${qualified(parent)}, or make it a partition`
    })
}

/** Whoever reads the whole meets the policies of the whole only. */
function roots(scoped: ReadonlyMap<string, ScopedTable>, fenced: (name: string) => boolean): string[] {
  return [...scoped.values()].flatMap(({ table, level }) =>
    level === "global" || table.partitionOf === null || fenced(table.partitionOf)
      ? []
      : [
          `${table.name} is a partition of ${table.partitionOf}, which shows its rows without their fence; list that one`,
        ],
  )
}
