import { type Actor, type Policy, roleNames } from "@wardkeep/core"

export function databaseRole(policy: Policy, actor: Actor): string {
  const names = roleNames(policy)
  return actor.kind === "role" ? names.role(actor.name) : names.service(actor.name)
}

/** Every role and service of the policy file as a database role. */
export function matrixRoles(policy: Policy): string[] {
  return policy.actors.map((actor) => databaseRole(policy, actor))
}

/** The login that reads published figures; without `aggregates` there is none. */
export function vendorRoles(policy: Policy): string[] {
  return policy.aggregates === null ? [] : [roleNames(policy).vendor]
}
