import { assertAllowed, type Context, compileMatrix, decide, type Reason, slice } from "@wardkeep/permissions"
import type { OpenLogin } from "../login/store.js"
import policy from "../policy.js"
import { ClinicError } from "./clinic-error.js"
import type { Does } from "./route.js"

/** The same policy file that the database was given, for what it cannot tell: menus, reasons, and what leaves the house. */
const matrix = compileMatrix(policy)

/** Who asks, as the matrix takes it. In this clinic a person has one role at a time. */
function contextOf({ session, mfaAt, branch }: OpenLogin, now: Date): Context {
  const [grant] = session.grants
  if (grant === undefined) throw new Error("a session without a grant")
  const { role, purpose, tenant, branches } = grant
  return {
    actor: session.actor,
    role,
    purpose,
    tenant,
    branches: branch === undefined ? branches : [branch],
    mfaAt,
    now,
  }
}

/**
 * What the role could do with some row, less what the clinic took from it: booleans for menus and buttons. The database
 * decides about the row.
 */
export function menuOf(
  login: OpenLogin,
  taken: readonly string[],
): { could: Record<string, Record<string, boolean>>; etag: string } {
  const { could, etag } = slice(matrix, login.session.grants[0]?.role ?? "", { taken })
  return { could: { ...could }, etag }
}

/** @throws WK201, WK204 or WK205 when the role may not do it with rows it has read */
export function assertMay(login: OpenLogin, [action, table]: Does, now: Date): void {
  assertAllowed(matrix, contextOf(login, now), { action, table })
}

const words: Partial<Record<Reason, string>> = {
  "no-cell": "not at all",
  "column-hidden": "not these fields of it",
  condition: "not in this way, or not this one",
}

/** Why the database refused, in the policy file's words. Of the body only the names of fields are looked at. */
export function refusal(login: OpenLogin, [action, table]: Does, body: unknown, now: Date): ClinicError {
  const known = matrix.columns.get(matrix.qualify(table)) ?? []
  const columns = Object.keys(typeof body === "object" && body !== null ? body : {}).filter((name) =>
    known.includes(name),
  )
  const context = contextOf(login, now)
  const { reason } = decide(matrix, context, { action, table, ...(columns.length > 0 && { columns }) })
  // It may in general, so that what is left is the row: whose it is, how it stands, where it lies.
  const said = reason === "granted" || reason === "no-row" ? "condition" : reason
  const how = words[said] ?? "not now"
  return new ClinicError(403, "forbidden", `As ${context.role} you may not ${action} ${table}: ${how}.`, {
    reason: said,
  })
}
