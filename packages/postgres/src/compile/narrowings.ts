import { actions, type Finding, type Policy, quoteLiteral } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"

interface Narrowed {
  readonly role: string
  /** `role`, `purpose <name>` or `<action> <schema.table>` */
  readonly what: string
  readonly tenants: number
  /** Tenants that are no longer there under the key they had. */
  readonly unknown: number
}

/**
 * What tenants took from roles and no policy asks about any more: the table left `narrowable`, or role, purpose, table or
 * tenant has another name now. Those who lost it have it again, and nobody decided so.
 */
export async function narrowingFindings(client: Queryable, policy: Policy): Promise<Finding[]> {
  const { rows } = await client.query<Narrowed>(
    `select n.role, n.what, count(*)::int as tenants, count(*) filter (where k.tenant is null)::int as unknown
       from wardkeep.narrowing n left join wardkeep.known_tenant k on k.tenant = n.tenant group by 1, 2 order by 1, 2`,
  )
  return rows
    .filter((row) => row.unknown > 0 || !isAsked(policy, row))
    .map(({ role, what, tenants, unknown }) => ({
      check: "narrowing-without-effect",
      severity: "leak",
      object: `${role} ${what}`,
      message: isAsked(policy, { role, what })
        ? `${unknown} of the ${tenants} tenants that took '${what}' from ${role} are not there under that key: if a key changed, its narrowing ended`
        : `${tenants} tenants took '${what}' from ${role}, and the policy file does not let them: whoever lost it has it there again`,
      fix: fixOf(policy, role, what, unknown),
    }))
}

/** A tenant can lift what is its own and what the policy file still has a role for; the rest is the owner's to delete. */
function fixOf(policy: Policy, role: string, what: string, unknown: number): string {
  const gone = unknown > 0 || !policy.actors.some((actor) => actor.kind === "role" && actor.name === role)
  if (!gone) return "Name it under `narrowable` again, or have each tenant lift it with liftNarrowing"
  const row = `role = ${quoteLiteral(role)} and what = ${quoteLiteral(what)}`
  const lost = unknown > 0 ? " and tenant not in (select tenant from wardkeep.known_tenant)" : ""
  return `Give the name back, or narrow the new one in each tenant and, as the owner: delete from wardkeep.narrowing where ${row}${lost}`
}

/** The database still asks about it, or the policy file gives nothing that could have been taken. */
function isAsked(policy: Policy, { role, what }: Pick<Narrowed, "role" | "what">): boolean {
  const holders = policy.actors.filter((actor) => actor.kind === "role" && actor.name === role)
  if (holders.length === 0) return false
  if (what === "role") return true
  const [first = "", object = ""] = what.split(" ")
  if (first === "purpose") return policy.purposes.has(object)
  const rule = policy.tables.get(object)
  const action = actions.find((name) => name === first)
  if (rule === undefined || action === undefined) return false
  // Every combination of the role lost it too, and may hold it through another role.
  const isGiven = policy.actors
    .filter((actor) => actor.name === role || actor.combines.includes(role))
    .some((actor) => actor.can.get(object)?.rules[action] !== undefined)
  return !isGiven || (rule.narrowable ?? []).some((name) => name === action)
}
