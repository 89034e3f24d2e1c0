import { type Finding, type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { matrixRoles, vendorRoles } from "./actors.js"

interface RoleRow {
  readonly name: string
  readonly exempt: string[]
  readonly login: boolean
  readonly inherit: boolean
  readonly groups: string[]
  /** Who may take this role, other than administrators: CREATEROLE and SUPERUSER can help themselves anyway. */
  readonly members: string[]
}

const rolesQuery = `
select r.rolname::text as name, r.rolcanlogin as login, r.rolinherit as inherit,
  array_remove(array[case when r.rolsuper then 'SUPERUSER' end, case when r.rolbypassrls then 'BYPASSRLS' end,
    case when r.rolcreaterole then 'CREATEROLE' end, case when r.rolreplication then 'REPLICATION' end], null) as exempt,
  array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid order by 1) as groups,
  array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.member
         where m.roleid = r.oid and not g.rolcreaterole and not g.rolsuper
           and (coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) or coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true))
         order by 1) as members
from pg_roles r where r.rolname like $1 order by 1`

/** A login gives these to itself, and whoever connects as it begins with them: no answers, other ones or silent ones. */
const changing = [
  "array_nulls",
  "cpu_operator_cost",
  "default_transaction_isolation",
  "default_transaction_read_only",
  "extra_float_digits",
  "gin_fuzzy_search_limit",
  "role",
  "row_security",
  "standard_conforming_strings",
  "transaction_timeout",
  "transform_null_equals",
]

/** What a host gives its logins for their own good: times, memory, plans, logs. The client fixes the path. */
const harmless =
  "^(application_name|(statement|lock|idle_\\w+)_timeout|\\w*work_mem|hash_mem_multiplier|temp_\\w+|enable_\\w+|jit\\w*|(seq|random)_page_cost|(effective|max_parallel|parallel|min_parallel)_\\w+|plan_cache_mode|search_path|synchronous_commit|client_min_messages|(log|track|tcp)_\\w+|(auto_explain|pg_stat_statements)\\..*)$"

const settingsQuery = `
select r.rolname::text as name, split_part(c.setting, '=', 1) as setting, d.datname::text as database, split_part(c.setting, '=', 1) = any ($2) as changes
from pg_db_role_setting s join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
cross join lateral unnest(s.setconfig) c(setting)
where r.rolname = any ($1) and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
  and split_part(c.setting, '=', 1) !~ $3 order by 1, 2, 3`

/**
 * Roles are compared with what they must be, not with what they were: an apply must never make an exemption normal.
 * Only an administrator can correct them: `install` gives back attributes and memberships, and names what it may not take.
 *
 * @returns role-missing · role-exempt · role-membership · role-attributes · role-setting; empty when every role is as it must be
 * @example const findings = await roleFindings(client, policy)
 */
export async function roleFindings(client: Queryable, policy: Policy): Promise<Finding[]> {
  const { rows } = await client.query<RoleRow>(rolesQuery, [`wk\\_${policy.deployment}\\_%`])
  const names = roleNames(policy)
  const matrix = matrixRoles(policy)
  const present = new Set(rows.map((row) => row.name))
  const vendor = vendorRoles(policy)
  const ours = [names.owner, names.migrator, names.issuer, names.app, ...vendor, ...matrix]
  const findings: Finding[] = ours.filter((name) => !present.has(name)).map(missing)
  for (const row of rows) {
    for (const attribute of row.exempt) {
      const fix = `alter role ${quoteIdent(row.name)} no${attribute.toLowerCase()}`
      findings.push(finding("role-exempt", row.name, `${row.name} has ${attribute}`, fix))
    }
    // Whoever runs the vendor's reports gives it a password, or does not.
    const wanted = expected(row.name, names, matrix, vendor.includes(row.name) && row.login)
    for (const group of row.groups.filter((g) => !wanted.groups.includes(g)))
      findings.push(
        finding("role-membership", row.name, `${row.name} is a member of ${group}`, revoke(group, row.name)),
      )
    for (const member of row.members.filter((m) => !wanted.members.includes(m)))
      findings.push(finding("role-membership", row.name, `${member} may act as ${row.name}`, revoke(row.name, member)))
    if (row.login !== wanted.login || row.inherit !== wanted.inherit) {
      const fix = `alter role ${quoteIdent(row.name)} ${wanted.login ? "" : "no"}login ${wanted.inherit ? "" : "no"}inherit`
      findings.push(
        finding("role-attributes", row.name, `${row.name} can log in or inherit otherwise than it should`, fix),
      )
    }
  }
  return [...findings, ...(await settingFindings(client, [names.app, names.issuer, ...vendor]))]
}

async function settingFindings(client: Queryable, logins: readonly string[]): Promise<Finding[]> {
  const { rows } = await client.query<Setting>(settingsQuery, [logins, changing, harmless])
  return rows.map(({ name, setting, database, changes }): Finding => {
    const where = database === null ? "" : ` in database ${quoteIdent(database)}`
    const fix = `alter role ${quoteIdent(name)}${where} reset ${setting}`
    const found = finding("role-setting", name, `sessions of ${name} begin with another ${setting}`, fix)
    return changes ? found : { ...found, severity: "hygiene" }
  })
}

interface Setting {
  readonly name: string
  readonly setting: string
  readonly database: string | null
  /** It changes what a statement answers, or whether it answers at all. */
  readonly changes: boolean
}

interface Expected {
  readonly groups: readonly string[]
  readonly members: readonly string[]
  readonly login: boolean
  readonly inherit: boolean
}

function expected(
  role: string,
  names: ReturnType<typeof roleNames>,
  matrix: readonly string[],
  mayLogIn: boolean,
): Expected {
  const login = { members: [], login: true }
  if (role === names.app) return { ...login, groups: matrix, inherit: false }
  if (role === names.migrator) return { ...login, groups: [names.owner], inherit: true }
  if (role === names.issuer) return { ...login, groups: [], inherit: true }
  if (role === names.owner) return { groups: [], members: [names.migrator], login: false, inherit: true }
  // A role that left the policy file keeps its name, and nobody may take it any more.
  return { groups: [], members: matrix.includes(role) ? [names.app] : [], login: mayLogIn, inherit: false }
}

function missing(name: string): Finding {
  const message = `the role ${name} does not exist`
  return { check: "role-missing", severity: "hygiene", object: `role ${name}`, message, fix: "wardkeep migrate" }
}

function revoke(group: string, member: string): string {
  return `revoke ${quoteIdent(group)} from ${quoteIdent(member)}`
}

function finding(check: string, object: string, message: string, fix: string): Finding {
  return { check, severity: "leak", object: `role ${object}`, message, fix: `As an administrator: ${fix}` }
}
