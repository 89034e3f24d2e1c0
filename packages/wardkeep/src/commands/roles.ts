import { type Finding, type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type pg from "pg"

export interface RoleRow {
  readonly name: string
  readonly super: boolean
  readonly bypass: boolean
  readonly createrole: boolean
  readonly replication: boolean
  readonly inherit: boolean
  readonly login: boolean
}

export async function readRoles(client: pg.Client): Promise<ReadonlyMap<string, RoleRow>> {
  const { rows } = await client.query<RoleRow>(
    `select rolname::text as name, rolsuper as super, rolbypassrls as bypass, rolcreaterole as createrole,
            rolreplication as replication, rolinherit as inherit, rolcanlogin as login
       from pg_roles where rolname not like 'pg\\_%' order by rolname`,
  )
  return new Map(rows.map((row) => [row.name, row]))
}

/** No policy stops these; they are part of every installation and not a finding. */
export function exemptLogins(roles: ReadonlyMap<string, RoleRow>): string[] {
  return [...roles.values()].filter((role) => role.login && (role.super || role.bypass)).map((role) => role.name)
}

/** The roles of the deployment: present, not exempt, and not members of anything that would carry them over the wall. */
export async function roleFindings(
  client: pg.Client,
  policy: Policy,
  roles: ReadonlyMap<string, RoleRow>,
): Promise<Finding[]> {
  const names = roleNames(policy)
  const matrix = policy.actors.map((actor) =>
    actor.kind === "role" ? names.role(actor.name) : names.service(actor.name),
  )
  const ours = [names.owner, names.migrator, names.issuer, names.app, ...matrix]
  const findings: Finding[] = []
  for (const name of ours) {
    const role = roles.get(name)
    if (role === undefined) findings.push(missingRole(name))
    else if (role.super || role.bypass || role.createrole || role.replication) findings.push(exemptRole(name))
  }
  if (roles.get(names.app)?.inherit === true) {
    findings.push({
      check: "application-inherits",
      severity: "leak",
      object: names.app,
      message: `${names.app} inherits the rights of its roles, so a forgotten context is not refused`,
      fix: `alter role ${quoteIdent(names.app)} noinherit`,
    })
  }
  findings.push(...(await strayMemberships(client, ours, [names.app, names.issuer, ...matrix], matrix, names.app)))
  return findings
}

function missingRole(name: string): Finding {
  return {
    check: "role-missing",
    severity: "hygiene",
    object: name,
    message: `the role ${name} does not exist`,
    fix: "wardkeep migrate",
  }
}

function exemptRole(name: string): Finding {
  return {
    check: "role-exempt",
    severity: "leak",
    object: name,
    message: `${name} has SUPERUSER, BYPASSRLS, CREATEROLE or REPLICATION`,
    fix: `alter role ${quoteIdent(name)} nosuperuser nobypassrls nocreaterole noreplication`,
  }
}

/** The application is a member of the matrix roles; every other membership of a guarded role is one too many. */
async function strayMemberships(
  client: pg.Client,
  ours: readonly string[],
  guarded: readonly string[],
  matrix: readonly string[],
  app: string,
): Promise<Finding[]> {
  const { rows } = await client.query<{ member: string; role: string }>(
    `select u.rolname::text as member, g.rolname::text as role
       from pg_auth_members m join pg_roles u on u.oid = m.member join pg_roles g on g.oid = m.roleid
      where u.rolname = any ($1) order by 1, 2`,
    [guarded],
  )
  return rows
    .filter(({ member, role }) => !(member === app && matrix.includes(role)))
    .map(({ member, role }) => ({
      check: "role-membership",
      severity: ours.includes(role) ? "leak" : "hygiene",
      object: member,
      message: `${member} is a member of ${role}`,
      fix: `revoke ${quoteIdent(role)} from ${quoteIdent(member)}`,
    }))
}
