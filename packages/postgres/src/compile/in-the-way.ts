import { quoteIdent } from "@wardkeep/core"
import type { Catalog, CatalogTable } from "./catalog.js"
import type { ScopedTable } from "./scope.js"
import { qualified } from "./step.js"

const dropIt = "Drop the policy, and say in the policy file what it was for."
const giveIt = "Run the statement as an administrator: a partition and its whole are one table to the policy file."
const noInherit = "Run the statement that the message names: to declare the other table `unmanaged` does not part them."
const listTheWhole = "List the whole in the policy file, in place of its partition."

export interface InTheWay {
  readonly text: string
  /** Where the table could also stay outside of the policy file, the one of WK303. */
  readonly hint?: string
}

/** What a step could not correct, because it is the host's to decide. */
export function hostObjectsInTheWay(
  catalog: Catalog,
  scoped: ReadonlyMap<string, ScopedTable>,
  covered: readonly CatalogTable[],
): InTheWay[] {
  const names = new Set(covered.map((table) => table.name))
  const fenced = (name: string): boolean => names.has(name) && scoped.get(name)?.level !== "global"
  return [
    ...owners(catalog, scoped, covered),
    ...catalog.foreignPolicies
      .filter(
        (policy) =>
          names.has(policy.slice(0, policy.indexOf(" "))) || /^wardkeep(_audit|_consent|_lookup)?\./.test(policy),
      )
      .map((policy) => ({
        text: `policy ${policy} is not ours and could widen the fence; drop it first`,
        hint: dropIt,
      })),
    ...inheritance(catalog, fenced),
    ...roots(scoped, fenced),
  ]
}

/** A step alters what belongs to this owner only. */
function owners(
  catalog: Catalog,
  scoped: ReadonlyMap<string, ScopedTable>,
  covered: readonly CatalogTable[],
): InTheWay[] {
  const me = catalog.currentUser
  return covered
    .filter(({ owner }) => owner !== me)
    .map(({ name, owner }) => ({
      text: `${name} belongs to ${owner}; alter table ${qualified(name)} owner to ${quoteIdent(me)}`,
      ...(!scoped.has(name) && { hint: giveIt }),
    }))
}

/**
 * Rows of a child are shown through its parent by the parent's policies, and by its own name by its own: neither knows the
 * other's, and keys lead from neither to the branch. Partitions can do all that INHERITS is needed for here, so it is refused.
 */
function inheritance(catalog: Catalog, fenced: (name: string) => boolean): InTheWay[] {
  return catalog.inheritance
    .filter(({ child, parent }) => fenced(child) || fenced(parent))
    .map(({ child, parent }) => {
      const why = fenced(parent)
        ? "its rows are shown with those of a fenced table, and have no fence of their own"
        : "shows its rows, and none of their fences"
      const end = `alter table ${qualified(child)} no inherit ${qualified(parent)}, or make it a partition`
      return {
        text: `${child} inherits from ${parent}: ${fenced(parent) ? why : `${parent} ${why}`}; ${end}`,
        hint: noInherit,
      }
    })
}

/** Whoever reads the whole meets the policies of the whole only. */
function roots(scoped: ReadonlyMap<string, ScopedTable>, fenced: (name: string) => boolean): InTheWay[] {
  return [...scoped.values()].flatMap(({ table, level }) =>
    level === "global" || table.partitionOf === null || fenced(table.partitionOf)
      ? []
      : [
          {
            text: `${table.name} is a partition of ${table.partitionOf}, which shows its rows without their fence; list that one`,
            hint: listTheWhole,
          },
        ],
  )
}
