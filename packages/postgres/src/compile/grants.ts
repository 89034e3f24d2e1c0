import { type Finding, type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Queryable } from "../maintenance/queryable.js"
import type { TablePrivileges } from "./privileges.js"
import { qualified, type Step } from "./step.js"

/** One privilege as the catalog knows it; no column means the whole relation. */
export interface Grant {
  readonly grantee: string
  readonly privilege: string
  readonly column: string | null
}

const grantsQuery = `
select n.nspname || '.' || c.relname as relation, coalesce(r.rolname::text, 'PUBLIC') as grantee, x.privilege_type as privilege, x.column
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
  select a.grantee, a.privilege_type, null::text as column from aclexplode(c.relacl) a
  union all
  select a.grantee, a.privilege_type, t.attname::text from pg_attribute t cross join lateral aclexplode(t.attacl) a
   where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
) x left join pg_roles r on r.oid = x.grantee
where n.nspname || '.' || c.relname = any ($1)`

export type GrantsByRelation = ReadonlyMap<string, readonly Grant[]>

export async function readGrants(client: Queryable, relations: readonly string[]): Promise<GrantsByRelation> {
  const { rows } = await client.query<Grant & { relation: string }>(grantsQuery, [relations])
  const byRelation = new Map<string, Grant[]>()
  for (const { relation, ...grant } of rows) byRelation.set(relation, [...(byRelation.get(relation) ?? []), grant])
  return byRelation
}

/** Revokes first what nobody should have, then grants what is missing. PUBLIC and our logins hold nothing. */
export function grantSteps(
  policy: Policy,
  relation: string,
  wanted: readonly TablePrivileges[],
  present: readonly Grant[],
): Step[] {
  return differenceSteps(policy, relation, wanted.flatMap(privilegeGrants), present)
}

/** The same for privileges that are not a table's, such as USAGE of a sequence. */
export function differenceSteps(
  policy: Policy,
  relation: string,
  desired: readonly Grant[],
  present: readonly Grant[],
): Step[] {
  const names = roleNames(policy)
  const logins = new Set([names.app, names.issuer, names.migrator, "PUBLIC"])
  // By prefix: a role that left the policy file must lose what it had.
  const ours = (grantee: string): boolean =>
    logins.has(grantee) || grantee.startsWith(names.role("")) || grantee.startsWith(names.service(""))
  const key = (grant: Grant): string => JSON.stringify([grant.grantee, grant.privilege, grant.column])
  const [wanted, held] = [new Set(desired.map(key)), new Set(present.map(key))]
  const extra = present.filter((grant) => ours(grant.grantee) && !wanted.has(key(grant)))
  const missing = desired.filter((grant) => !held.has(key(grant)))
  return [
    ...statements(relation, extra, "revoke", "narrow", "not in the policy file"),
    ...statements(relation, missing, "grant", "widen", "in the policy file"),
  ]
}

function privilegeGrants(wanted: TablePrivileges): Grant[] {
  const grants: Grant[] = []
  const add = (privilege: string, columns: readonly string[] | null | false): void => {
    if (columns === false) return
    if (columns === null) grants.push({ grantee: wanted.role, privilege, column: null })
    else for (const column of columns) grants.push({ grantee: wanted.role, privilege, column })
  }
  add("SELECT", wanted.select)
  add("INSERT", wanted.insert)
  add("UPDATE", wanted.update)
  add("DELETE", wanted.delete ? null : false)
  return grants
}

function statements(
  relation: string,
  grants: readonly Grant[],
  verb: "grant" | "revoke",
  phase: Step["phase"],
  why: string,
): Step[] {
  const byRole = new Map<string, Map<string, string[]>>()
  for (const { grantee, privilege, column } of grants) {
    const privileges = byRole.get(grantee) ?? new Map<string, string[]>()
    byRole.set(
      grantee,
      privileges.set(privilege, [...(privileges.get(privilege) ?? []), ...(column === null ? [] : [column])]),
    )
  }
  return [...byRole].map(([grantee, privileges]) => {
    const what = [...privileges].map(([privilege, columns]) => {
      return columns.length === 0
        ? privilege.toLowerCase()
        : `${privilege.toLowerCase()} (${columns.map(quoteIdent).join(", ")})`
    })
    const role = grantee === "PUBLIC" ? "public" : quoteIdent(grantee)
    const sql = `${verb} ${what.join(", ")} on ${qualified(relation)} ${verb === "grant" ? "to" : "from"} ${role}`
    return { phase, object: `${relation} ${grantee}`, why, sql }
  })
}

/** Grants of the host to roles of its own: the fence holds for them too, but nobody said they should be there. */
export function strangerFindings(
  policy: Policy,
  relation: string,
  present: readonly Grant[],
  owner: string,
): Finding[] {
  const prefix = `wk_${policy.deployment}_`
  const strangers = new Set(present.map((grant) => grant.grantee))
  return [...strangers]
    .filter((grantee) => grantee !== owner && grantee !== "PUBLIC" && !grantee.startsWith(prefix))
    .sort()
    .map((grantee) => ({
      check: "grant-to-another-role",
      severity: "hygiene",
      object: relation,
      message: `${grantee} holds privileges on ${relation} that do not come from the policy file`,
      fix: `revoke all on ${qualified(relation)} from ${quoteIdent(grantee)}`,
    }))
}
