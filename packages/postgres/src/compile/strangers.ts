import { type Finding, type Policy, quoteIdent } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { companionRelations } from "./companions.js"
import { privilegeText } from "./grant-statements.js"
import type { Grants, Held } from "./grants.js"
import type { ScopedTable } from "./scope.js"
import { qualified } from "./step.js"

/** Roles of the host that hold something on a table of the policy file: what each loses, and who with it. */
export async function strangerFindings(
  client: Queryable,
  policy: Policy,
  scoped: ReadonlyMap<string, ScopedTable>,
  grants: Grants,
): Promise<Finding[]> {
  const members = await loginsThrough(client)
  const findings: Finding[] = []
  for (const entry of scoped.values()) {
    const sequences = new Set(entry.table.sequences)
    const relations = [entry.table.name, ...companionRelations([entry]).filter((name) => !sequences.has(name))]
    for (const relation of relations)
      for (const [grantee, held] of strangersOf(policy, grants.of(relation)))
        findings.push(
          entry.level === "global" ? keeps(relation, grantee) : loses(relation, grantee, held, members.get(grantee)),
        )
  }
  return [...findings, ...readers(members)]
}

function strangersOf(policy: Policy, held: readonly Held[]): [string, Held[]][] {
  const prefix = `wk_${policy.deployment}_`
  const byGrantee = new Map<string, Held[]>()
  for (const grant of held) {
    if (grant.exempt || grant.grantee === "PUBLIC" || grant.grantee.startsWith(prefix)) continue
    byGrantee.set(grant.grantee, [...(byGrantee.get(grant.grantee) ?? []), grant])
  }
  return [...byGrantee].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Every row of a table of scope `global` is for everybody, so nothing is silent there. */
function keeps(relation: string, grantee: string): Finding {
  return {
    check: "grant-to-another-role",
    severity: "hygiene",
    object: relation,
    message: `${grantee} holds privileges on ${relation} that do not come from the policy file`,
    fix: `revoke all on ${qualified(relation)} from ${quoteIdent(grantee)}`,
  }
}

function loses(relation: string, grantee: string, held: readonly Held[], through: Member[] = []): Finding {
  const also = through.length === 0 ? "" : ` and, through it, ${through.map(({ login }) => login).join(", ")}`
  return {
    check: "host-role-loses-access",
    severity: "hygiene",
    object: relation,
    message: `${grantee}${also}: apply takes ${privilegeText(held)} on ${relation} away`,
    fix: "Move its work to a role or service of the policy file first; a login that must read every branch, such as for backups, can be given BYPASSRLS itself (whoever is in a group does not have the group's) and keeps its grants",
  }
}

/** No grant on a table is needed for these, so none can be taken away. */
function readers(members: ReadonlyMap<string, Member[]>): Finding[] {
  return ["pg_read_all_data", "pg_write_all_data"].flatMap((group) =>
    (members.get(group) ?? [])
      // Roles of any deployment are looked at by their own.
      .filter(({ login, exempt }) => !exempt && !/^wk_.+_(app|issuer|migrator|owner)$/.test(login))
      .map(({ login }) => ({
        check: "silent-reader",
        severity: "hygiene" as const,
        object: `role ${login}`,
        message: `${login} may use every table through ${group}: fenced tables show it no rows, without an error`,
        fix: `As an administrator: take ${group} from it, or give it BYPASSRLS if it must see every branch`,
      })),
  )
}

interface Member {
  readonly login: string
  readonly exempt: boolean
}

/** The logins that act through a role, at every depth; not administrators who may only give it. */
async function loginsThrough(client: Queryable): Promise<Map<string, Member[]>> {
  const { rows } = await client.query<Member & { role: string }>(
    `with recursive link as (
       select roleid, member from pg_auth_members m
        where coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) or coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
     ), reach as (
       select roleid, member from link union select r.roleid, l.member from reach r join link l on l.roleid = r.member
     )
     select distinct g.rolname::text as role, r.rolname::text as login, r.rolbypassrls as exempt from reach
       join pg_roles g on g.oid = reach.roleid join pg_roles r on r.oid = reach.member
      where r.rolcanlogin and not r.rolsuper order by 1, 2`,
  )
  const byRole = new Map<string, Member[]>()
  for (const { role, ...member } of rows) byRole.set(role, [...(byRole.get(role) ?? []), member])
  return byRole
}
