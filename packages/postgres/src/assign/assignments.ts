import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Queries } from "../client/queries.js"

/** A client in a context, or a transaction of it. */
export type InContext = Pick<Queries, "query">

/** Where an assignment holds: the whole tenant, one branch, or a group of branches by name. */
export type AssignmentScope = "all" | { readonly branch: string } | { readonly group: string }

export interface AssignmentGrant {
  /** Who gets the role: the host's id of the person. */
  readonly actor: string
  readonly role: string
  readonly scope: AssignmentScope
  /** For a confined role, and for no other: whom it reaches. */
  readonly subject?: string
  /** Default: now. */
  readonly validFrom?: Date
  readonly validUntil?: Date
  readonly reason: string
}

/** One assignment as it was granted, and how it ended. */
export interface RecordedAssignment {
  readonly id: string
  readonly actor: string
  readonly tenant: string
  readonly role: string
  readonly branch: string | null
  readonly branch_group: string | null
  readonly subject: string | null
  readonly valid_from: Date
  readonly valid_until: Date | null
  readonly reason: string
  readonly granted_by: string
  readonly granted_as: string
  readonly granted_at: Date
  readonly revoked_at: Date | null
  readonly revoked_by: string | null
  readonly revoke_reason: string | null
}

/**
 * Assigns a role in the tenant of the context. The role in force must be one that may grant it; never to oneself, never
 * beyond one's own branches or one's own end. It holds from the actor's next session on.
 *
 * @returns the assignment's id
 * @throws WK206 not allowed, excluded by another role, overlapping, or without an end that it needs · WK202 unknown branch · WK1xx
 * @example await wk.run(session, () => grantAssignment(wk, { actor: "ravi", role: "locum", scope: { branch }, validUntil, reason: "leave of Dr Asha" }))
 */
export async function grantAssignment(q: InContext, grant: AssignmentGrant): Promise<string> {
  const { rows } = await q.query<{ id: string }>("select wardkeep.grant_assignment($1, $2, $3, $4, $5, $6, $7) as id", [
    grant.actor,
    ...grantValues(grant),
  ])
  return rows[0]?.id ?? ""
}

/**
 * Revokes one assignment, or all that an actor has in the tenant of the context, all or none. It holds on the next
 * statement of every session that is open (accelerated strategy: the next transaction).
 *
 * @returns how many were revoked
 * @throws WK206 one of them is not for this role to revoke, or there is no reason; none is revoked then · WK1xx
 * @example await revokeAssignments(wk, { actor: "ravi", reason: "left the clinic" })
 */
export async function revokeAssignments(
  q: InContext,
  { actor, id, reason }: { readonly actor: string; readonly id?: string; readonly reason: string },
): Promise<number> {
  const text = "select wardkeep.revoke_assignments($1, $2, $3) as revoked"
  const { rows } = await q.query<{ revoked: number }>(text, [actor, id ?? null, reason])
  return rows[0]?.revoked ?? 0
}

/** One's own assignments, and those that the role in force may grant in its branches; revoked ones too. @throws WK1xx */
export async function listAssignments(q: InContext): Promise<readonly RecordedAssignment[]> {
  return (await q.query<RecordedAssignment>("select * from wardkeep.list_assignments()")).rows
}

/** What a tenant takes from a role: all of it, a purpose, or an action on a table that the policy file calls narrowable. */
export type Taken =
  | "role"
  | { readonly purpose: string }
  | { readonly action: "create" | "read" | "update" | "delete"; readonly table: string }

/**
 * Takes something from a role in the tenant of the context, from the next statement of every open session on. Nothing can
 * be given this way.
 *
 * @throws WK009 a table that the policy file does not call narrowable for this action · WK206 · WK1xx
 * @example await narrowRole(wk, policy, { role: "reception", taken: { action: "delete", table: "public.invoice" }, reason: "audit" })
 */
export async function narrowRole(
  q: InContext,
  policy: Policy,
  { role, taken, reason }: { readonly role: string; readonly taken: Taken; readonly reason: string },
): Promise<void> {
  await q.query("select wardkeep.narrow_role($1, $2, $3)", [role, takenText(policy, taken), reason])
}

/** Gives back what the tenant had taken, with the next session; never for a role that one holds. @throws WK206 · WK1xx */
export async function liftNarrowing(
  q: InContext,
  policy: Policy,
  { role, taken, reason }: { readonly role: string; readonly taken: Taken; readonly reason: string },
): Promise<boolean> {
  const text = "select wardkeep.lift_narrowing($1, $2, $3) as lifted"
  const { rows } = await q.query<{ lifted: boolean }>(text, [role, takenText(policy, taken), reason])
  return rows[0]?.lifted === true
}

/**
 * What the tenant took from the role in force, as this session feels it: an open session keeps what was lifted meanwhile.
 * For `slice(matrix, role, { taken })`.
 *
 * @returns texts such as `delete public.invoice` or `purpose billing`
 * @throws WK1xx
 * @example const { could, etag } = slice(matrix, "reception", { taken: await takenFromRole(wk) })
 */
export async function takenFromRole(q: InContext): Promise<readonly string[]> {
  return (await q.query<{ taken: string[] }>("select wardkeep.taken() as taken")).rows[0]?.taken ?? []
}

/** A narrowing that no policy asks about would be a promise without a lock. */
function takenText(policy: Policy, taken: Taken): string {
  if (taken === "role") return taken
  if ("purpose" in taken) return `purpose ${taken.purpose}`
  const { action, table } = taken
  const name = table.includes(".") ? table : `${policy.schema}.${table}`
  if (policy.tables.get(name)?.narrowable?.includes(action) !== true)
    throw new WardkeepError("WK009", {
      message: `the policy file does not let tenants take ${action} on ${name}`,
      hint: `Write narrowable: ["${action}"] under tables.${name}, and apply the policy.`,
    })
  return `${action} ${name}`
}

/** The arguments that every granting function has, in its order. */
export function grantValues({ role, scope, subject, validFrom, validUntil, reason }: AssignmentGrant): unknown[] {
  return [role, JSON.stringify(scope), subject ?? null, validFrom ?? null, validUntil ?? null, reason]
}
