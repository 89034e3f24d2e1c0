import type { Finding, Policy } from "@wardkeep/core"
import { partitionsOf, type ScopedTable } from "./scope.js"
import { qualified } from "./step.js"

/**
 * PostgreSQL still counts such a partition, and its triggers with it, so nothing of ours follows until it is detached: of
 * tenants or branches that nobody sees any more, sessions and assignments go on.
 */
export function detachPendingFindings(policy: Policy, scoped: ReadonlyMap<string, ScopedTable>): Finding[] {
  const { tenant, branch } = policy.tenancy
  return [...scoped.values()].flatMap((entry) =>
    partitionsOf(entry)
      .filter(({ table }) => table.detachPending)
      .map(({ table: { name, partitionOf } }) => {
        const ofTenancy = [tenant, branch].includes(entry.table.name)
        const rest = ofTenancy ? "sessions and assignments of what it lists go on" : "its fence and its words stay"
        return {
          check: "detach-pending",
          severity: ofTenancy ? "leak" : "hygiene",
          object: name,
          message: `${name} is half detached: ${entry.table.name} shows its rows no more, and ${rest}`,
          fix: `alter table ${qualified(partitionOf ?? "")} detach partition ${qualified(name)} finalize, then wardkeep apply`,
        }
      }),
  )
}
