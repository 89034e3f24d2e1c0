import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Queryable } from "../maintenance/queryable.js"
import type { TablePrivileges } from "./privileges.js"
import { qualified, type Step } from "./step.js"

/** One privilege as the catalog knows it; no column means the whole relation. */
export interface Grant {
  readonly grantee: string
  readonly privilege: string
  readonly column: string | null
}

/** A privilege that somebody has. */
export interface Held extends Grant {
  /** Superusers and BYPASSRLS read past every policy: their grants work as before, backups among them. */
  readonly exempt: boolean
}

const explode = `coalesce(r.rolname::text, 'PUBLIC') as grantee, x.privilege_type as privilege, o.column, coalesce(r.rolsuper or r.rolbypassrls, false) as exempt`

const grantsQuery = `
with named as (
  select c.oid, n.nspname || '.' || c.relname as relation, c.relacl, c.relowner from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname || '.' || c.relname = any ($1)
)
select distinct o.relation, ${explode} from (
  select relation, relacl as acl, null::text as column, relowner as owner from named
  union all
  select relation, t.attacl, t.attname::text, relowner from named join pg_attribute t on t.attrelid = named.oid and t.attnum > 0 and not t.attisdropped
) o cross join lateral aclexplode(o.acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> o.owner
order by 1, 2, 3, 4 nulls first`

const defaultsQuery = `
select distinct o.schema, ${explode} from (
  select coalesce(n.nspname::text, '') as schema, d.defaclacl as acl, null::text as column, d.defaclrole as owner
    from pg_default_acl d join pg_roles me on me.oid = d.defaclrole and me.rolname = current_user
    left join pg_namespace n on n.oid = d.defaclnamespace where d.defaclobjtype = 'r'
) o cross join lateral aclexplode(o.acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> o.owner
order by 1, 2, 3, 4 nulls first`

export interface Grants {
  /** What is held now. */
  of(relation: string): readonly Held[]
  /** What a table that is made, or made again, comes with: default privileges of the owner. */
  ofNew(relation: string): readonly Held[]
}

export async function readGrants(client: Queryable, relations: readonly string[]): Promise<Grants> {
  const { rows } = await client.query<Held & { relation: string }>(grantsQuery, [relations])
  const { rows: defaults } = await client.query<Held & { schema: string }>(defaultsQuery)
  const byRelation = new Map<string, Held[]>()
  for (const { relation, ...held } of rows) byRelation.set(relation, [...(byRelation.get(relation) ?? []), held])
  return {
    of: (relation) => byRelation.get(relation) ?? [],
    ofNew: (relation) =>
      defaults
        .filter(({ schema }) => schema === "" || relation.startsWith(`${schema}.`))
        .map(({ schema: _schema, ...held }) => held),
  }
}

/** What happens to grants that the host gave to roles of its own. */
export type Strangers = "lose" | "keep"

/** Revokes first what nobody should have, then grants what is missing. PUBLIC and our logins hold nothing. */
export function grantSteps(
  policy: Policy,
  relation: string,
  wanted: readonly TablePrivileges[],
  present: readonly Held[],
  strangers: Strangers,
): Step[] {
  return differenceSteps(policy, relation, wanted.flatMap(privilegeGrants), present, strangers)
}

/** The same for privileges that are not a table's, such as USAGE of a sequence. */
export function differenceSteps(
  policy: Policy,
  relation: string,
  desired: readonly Grant[],
  present: readonly Held[],
  strangers: Strangers,
): Step[] {
  const key = (grant: Grant): string => JSON.stringify([grant.grantee, grant.privilege, grant.column])
  const [wanted, held] = [new Set(desired.map(key)), new Set(present.map(key))]
  const ours = (grant: Held): boolean => isOurs(policy, grant.grantee)
  const extra = present.filter((grant) => ours(grant) && !wanted.has(key(grant)))
  // Revoking a privilege on the table takes the same privilege on single columns along.
  const whole = (grant: Grant): string => `${grant.privilege} ${grant.grantee}`
  const wholes = new Set(extra.filter((grant) => grant.column === null).map(whole))
  const missing = desired.filter((g) => !held.has(key(g)) || (g.column !== null && wholes.has(whole(g))))
  return [
    ...statements(relation, extra, (what, role) => ({
      phase: "narrow",
      why: "not in the policy file",
      sql: `revoke ${what} on ${qualified(relation)} from ${role}`,
    })),
    ...(strangers === "keep" ? [] : strangerSteps(policy, relation, present)),
    ...statements(relation, missing, (what, role) => ({
      phase: "widen",
      why: "in the policy file",
      sql: `grant ${what} on ${qualified(relation)} to ${role}`,
    })),
  ]
}

/**
 * No policy lets a role of the host read a fenced table, so PostgreSQL would never ask the fence: zero rows, and success.
 * Without the grant it is an error.
 */
function strangerSteps(policy: Policy, relation: string, present: readonly Held[]): Step[] {
  const strangers = present.filter((grant) => !isOurs(policy, grant.grantee) && !grant.exempt)
  return statements(relation, strangers, (what, role) => ({
    phase: "narrow",
    why: `a role of the host loses ${what}: from now on an error, where the fence would show it no rows`,
    // What it passed on to others depends on its own.
    sql: `revoke ${what} on ${qualified(relation)} from ${role} cascade`,
  }))
}

/** By prefix: a role that left the policy file must lose what it had. */
function isOurs(policy: Policy, grantee: string): boolean {
  const names = roleNames(policy)
  const logins = [names.app, names.issuer, names.migrator, "PUBLIC"]
  return logins.includes(grantee) || grantee.startsWith(names.role("")) || grantee.startsWith(names.service(""))
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
  step: (what: string, role: string) => Omit<Step, "object">,
): Step[] {
  const byRole = new Map<string, Grant[]>()
  for (const grant of grants) byRole.set(grant.grantee, [...(byRole.get(grant.grantee) ?? []), grant])
  return [...byRole].map(([grantee, held]) => ({
    object: `${relation} ${grantee}`,
    ...step(privilegeText(held), grantee === "PUBLIC" ? "public" : quoteIdent(grantee)),
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
