import { type Actor, type Policy, roleNames } from "@wardkeep/core"

export function databaseRole(policy: Policy, actor: Actor): string {
  const names = roleNames(policy)
  return actor.kind === "role" ? names.role(actor.name) : names.service(actor.name)
}
