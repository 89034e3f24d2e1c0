import { type Policy, roleNames } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { levelOf, statements } from "./grant-statements.js"
import { leftOnRelation } from "./left-over.js"
import { sqlName } from "./names.js"
import { chainSteps, keptSteps } from "./passed-on.js"
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
  /**
   * Superusers and BYPASSRLS read past every policy: their grants work as before, backups among them. Not so a group
   * with the attribute: whoever has its privileges without SET ROLE does not have its attribute, and would see no rows.
   */
  readonly exempt: boolean
  /** Who gave it; null for the owner. It goes when the giver's own goes, and only the giver's loss takes it. */
  readonly grantor: string | null
  /** It may be passed on. */
  readonly grantable: boolean
}

/** What the owner's new tables (`r`), functions (`f`) or schemas (`n`) come with, in one schema or, where it is empty, in all. */
export interface Default extends Held {
  readonly schema: string
  readonly kind: "r" | "f" | "n"
}

/** Columns of a query over `o(owner, column)`, its exploded ACL `x` and the grantee's role `r`. */
export const explode = `coalesce(r.rolname::text, 'PUBLIC') as grantee, x.privilege_type as privilege, o.column, x.is_grantable as grantable,
  case when x.grantor <> o.owner then pg_get_userbyid(x.grantor)::text end as grantor,
  coalesce(r.rolsuper or r.rolbypassrls, false) and not exists (
    select from pg_roles m where not m.rolsuper and not m.rolbypassrls and pg_has_role(m.oid, r.oid, 'usage')) as exempt`

const grantsQuery = `
with named as (
  select c.oid, ${sqlName("n", "c")} as relation, c.relacl, c.relowner from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where ${sqlName("n", "c")} = any ($1)
)
select distinct o.relation, ${explode} from (
  select relation, relacl as acl, null::text as column, relowner as owner from named
  union all
  select relation, t.attacl, t.attname::text, relowner from named join pg_attribute t on t.attrelid = named.oid and t.attnum > 0 and not t.attisdropped
) o cross join lateral aclexplode(o.acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> o.owner
order by 1, 2, 3, 4 nulls first`

export interface Grants {
  /** What is held now. */
  of(relation: string): readonly Held[]
  /** What a table that is made, or made again, comes with: default privileges of the owner. */
  ofNew(relation: string): readonly Held[]
  /** The same for a function. */
  ofNewFunction(name: string): readonly Held[]
  ofNewSchema(): readonly Held[]
}

export async function readGrants(
  client: Queryable,
  relations: readonly string[],
  defaults: readonly Default[],
): Promise<Grants> {
  const { rows } = await client.query<Held & { relation: string }>(grantsQuery, [relations])
  const byRelation = new Map<string, Held[]>()
  for (const { relation, ...held } of rows) byRelation.set(relation, [...(byRelation.get(relation) ?? []), held])
  const comingWith = (kind: Default["kind"], name: string): Held[] =>
    defaults.filter((given) => given.kind === kind && (given.schema === "" || name.startsWith(`${given.schema}.`)))
  return {
    of: (relation) => byRelation.get(relation) ?? [],
    ofNew: (relation) => comingWith("r", relation),
    ofNewFunction: (name) => comingWith("f", name),
    ofNewSchema: () => comingWith("n", ""),
  }
}

/** The tables and sequences of Wardkeep itself. */
export async function ownRelations(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent') and c.relkind in ('r', 'p', 'v', 'S') order by 1`,
  )
  return rows.map(({ name }) => name)
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
  // What a role of the host gave to one of ours ends with that role's own.
  const [wanted, held] = [
    new Set(desired.map(levelOf)),
    new Set(present.filter((g) => g.grantor === null).map(levelOf)),
  ]
  const ours = (grant: Held): boolean => isOurs(policy, grant.grantee)
  const extra = present.filter((grant) => ours(grant) && !wanted.has(levelOf(grant)))
  const silenced = strangers === "keep" ? [] : present.filter((grant) => !ours(grant) && !grant.exempt)
  // Revoking a privilege on the table takes the same privilege on single columns along.
  const whole = (grant: Grant): string => `${grant.privilege} ${grant.grantee}`
  const wholes = new Set(extra.filter((grant) => grant.column === null).map(whole))
  const missing = desired.filter((g) => !held.has(levelOf(g)) || (g.column !== null && wholes.has(whole(g))))
  const passing = present.filter((g) => ours(g) && g.grantable && wanted.has(levelOf(g)))
  return [
    ...statements(relation, extra, (what, role, grants) => ({
      phase: "narrow",
      why: "not in the policy file",
      sql: `revoke ${what} on ${qualified(relation)} from ${role}${isPassedOn(grants) ? " cascade" : ""}`,
      left: leftOnRelation(relation, grants),
    })),
    // Nobody of ours passes anything on: whoever got it would see no rows, and no error.
    ...statements(relation, passing, (what, role, grants) => ({
      phase: "narrow",
      why: "holds it, and passes it on to nobody",
      sql: `revoke grant option for ${what} on ${qualified(relation)} from ${role} cascade`,
      left: leftOnRelation(relation, grants, "option"),
    })),
    ...strangerSteps(relation, silenced),
    ...chainSteps(relation, present, [...extra, ...silenced], passing),
    ...keptSteps(
      relation,
      present.filter((grant) => !ours(grant) && !silenced.includes(grant)),
      extra.length + silenced.length + passing.length > 0,
    ),
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
function strangerSteps(relation: string, silenced: readonly Held[]): Step[] {
  return statements(relation, silenced, (what, role, grants) => ({
    phase: "narrow",
    why: `a role of the host loses ${what}: from now on an error, where the fence would show it no rows`,
    // What it passed on to others depends on its own.
    sql: `revoke ${what} on ${qualified(relation)} from ${role} cascade`,
    left: leftOnRelation(relation, grants),
  }))
}

function isPassedOn(grants: readonly Held[]): boolean {
  return grants.some(({ grantable }) => grantable)
}

/** By prefix: a role that left the policy file must lose what it had. */
export function isOurs(policy: Policy, grantee: string): boolean {
  const names = roleNames(policy)
  const logins = [names.app, names.issuer, names.migrator, "PUBLIC"]
  return logins.includes(grantee) || grantee.startsWith(names.role("")) || grantee.startsWith(names.service(""))
}

export function privilegeGrants(wanted: TablePrivileges): Grant[] {
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
