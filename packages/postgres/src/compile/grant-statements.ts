import { quoteIdent } from "@wardkeep/core"
import type { Grant } from "./grants.js"
import type { Step } from "./step.js"

/** A privilege of somebody, on the whole or on a column: two grants of it differ only in who gave it. */
export function levelOf({ grantee, privilege, column }: Grant): string {
  return JSON.stringify([grantee, privilege, column])
}

/** One statement for each role. */
export function statements<G extends Grant>(
  relation: string,
  grants: readonly G[],
  step: (what: string, role: string, grants: readonly G[]) => Omit<Step, "object">,
): Step[] {
  const byRole = new Map<string, G[]>()
  for (const grant of grants) byRole.set(grant.grantee, [...(byRole.get(grant.grantee) ?? []), grant])
  return [...byRole].map(([grantee, held]) => ({
    object: `${relation} ${grantee}`,
    ...step(privilegeText(held), grantee === "PUBLIC" ? "public" : quoteIdent(grantee), held),
  }))
}

/** `select, update ("phone")` */
export function privilegeText(grants: readonly Grant[]): string {
  const byPrivilege = new Map<string, (string | null)[]>()
  for (const { privilege, column } of grants)
    byPrivilege.set(privilege, [...(byPrivilege.get(privilege) ?? []), column])
  return [...byPrivilege]
    .map(([privilege, columns]) => {
      const named = columns.filter((column) => column !== null)
      const whole = named.length < columns.length
      return whole ? privilege.toLowerCase() : `${privilege.toLowerCase()} (${named.map(quoteIdent).join(", ")})`
    })
    .join(", ")
}
