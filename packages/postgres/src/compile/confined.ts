import { type Actor, narrowableActions, type Policy, quoteIdent, WardkeepError } from "@wardkeep/core"
import { databaseRole } from "./actors.js"
import { isReferralRole, referredTables } from "./crossings.js"
import { askedAlone } from "./fence.js"
import { commands, policyObject } from "./policy-object.js"
import type { ScopedTable } from "./scope.js"
import type { Managed } from "./step.js"

/**
 * Confined roles see the rows of the subjects that their context names, and no others. A policy of their own beside the
 * fence: nobody else pays for it.
 */
export function confinement(policy: Policy, entry: ScopedTable): Managed[] {
  const roles = databaseRoles(policy, entry, (actor) => actor.confined)
  const { subject } = entry.rule
  if (entry.tenant === null || subject === undefined || roles.length === 0) return []
  const type = entry.table.columns.get(subject)?.type ?? "text"
  // As for the branch in the fence: where an index could ask for the subject alone, silence would look like success.
  const alone = askedAlone(entry, subject)
  const term = `${quoteIdent(subject)} = any ((select wardkeep.subjects(wardkeep.planned_as(), ${alone})::${type}[])::${type}[])`
  const body = `as restrictive for all to ${quoted(roles)}\n  using (${term})\n  with check (${term})`
  return [
    policyObject(entry.table.name, "wk_only", "narrow", "confined roles see only the subjects of their context", body),
  ]
}

/**
 * What a clinic may take from a role at run time, and what a referral left out. The term has the shape of the fence's tenant: it raises without a context
 * before any row is met, and is null, so that no row fits, where the tenant took the action away.
 *
 * @throws WK001 a table without a tenant
 */
export function narrowable(policy: Policy, entry: ScopedTable): Managed[] {
  const { tenant, rule, table } = entry
  const asked = rule.narrowable ?? []
  const isReferred = referredTables(policy).includes(table.name)
  return narrowableActions.flatMap((action) => {
    if (!asked.includes(action) && !isReferred) return []
    if (tenant === null)
      throw new WardkeepError("WK001", { message: `tables.${table.name}.narrowable: the table belongs to no tenant` })
    const roles = databaseRoles(
      policy,
      entry,
      (actor) =>
        actor.can.get(table.name)?.rules[action] !== undefined &&
        (asked.includes(action) || isReferralRole(policy, actor)),
    )
    if (roles.length === 0) return []
    const command = commands[action]
    const term = `${quoteIdent(tenant.column)} = (select wardkeep.permitted_tenant(wardkeep.planned_as(), '${action} ${table.name}')::${tenant.type})`
    const clause = {
      select: `using (${term})`,
      delete: `using (${term})`,
      update: `using (${term}) with check (${term})`,
      insert: `with check (${term})`,
    }[command]
    const body = `as restrictive for ${command} to ${quoted(roles)}\n  ${clause}`
    return [policyObject(table.name, `wk_narrow_${command}`, "narrow", `a tenant may take ${action} from a role`, body)]
  })
}

function databaseRoles(policy: Policy, entry: ScopedTable, holds: (actor: Actor) => boolean): string[] {
  return policy.actors
    .filter((actor) => actor.kind === "role" && actor.can.has(entry.table.name) && holds(actor))
    .map((actor) => databaseRole(policy, actor))
}

function quoted(roles: readonly string[]): string {
  return roles.map(quoteIdent).join(", ")
}
