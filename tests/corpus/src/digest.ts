import type { Client } from "pg"
import { type Installed, rolesOf } from "./installed.ts"

export const digestOf = async ({ admin, system }: Installed): Promise<string> =>
  await digestOfDatabase(admin, rolesOf(system))

/** Everything that a tool could leave behind: rows, objects, privileges, these roles, settings. Sequences move and are left out. */
export async function digestOfDatabase(admin: Client, roles: readonly string[]): Promise<string> {
  const objects = await one(admin, objectsSql, [roles])
  const { rows: tables } = await admin.query<{ name: string }>(tablesSql)
  const rows = tables.map(
    ({ name }) => `select '${name.replaceAll("'", "''")} ' || t::text as part from only ${name} t`,
  )
  if (rows.length === 0) return objects
  return `${objects} ${await one(admin, digested(rows.join(" union all ")), [])}`
}

const digested = (parts: string): string =>
  `select md5(coalesce(string_agg(part, '|' order by part), '')) as digest from (${parts}) as parts`

const ours = `select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'`

const tablesSql = `
select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and n.oid in (${ours}) order by 1`

const objectsSql = digested(`
  select 'namespace ' || oid || nspname || coalesce(nspacl::text, '') as part from pg_namespace where oid in (${ours})
  union all select 'class ' || oid || relname || relrowsecurity || relforcerowsecurity || coalesce(relacl::text, '') || coalesce(reloptions::text, '')
    from pg_class where relnamespace in (${ours})
  union all select 'column ' || attrelid || attname || atttypid || coalesce(attacl::text, '')
    from pg_attribute join pg_class c on c.oid = attrelid where c.relnamespace in (${ours}) and attnum > 0
  union all select 'function ' || oid || proname || md5(coalesce(prosrc, '')) || coalesce(proacl::text, '')
    from pg_proc where pronamespace in (${ours})
  union all select 'policy ' || oid || polname || polrelid || polroles::text || coalesce(polqual::text, '') from pg_policy
  union all select 'trigger ' || oid || tgname || tgenabled::text from pg_trigger
  union all select 'rule ' || oid || rulename from pg_rewrite where oid >= 16384
  union all select 'large object ' || oid from pg_largeobject_metadata
  union all select 'role ' || r::text from pg_roles r where rolname = any($1)
  union all select 'member ' || roleid || ' ' || member from pg_auth_members
    where member in (select oid from pg_roles where rolname = any($1))
  union all select 'setting ' || setdatabase || ' ' || setrole || setconfig::text from pg_db_role_setting
    where setdatabase = (select oid from pg_database where datname = current_database())`)

async function one(admin: Client, sql: string, values: readonly unknown[]): Promise<string> {
  const { rows } = await admin.query<{ digest: string }>(sql, [...values])
  return rows[0]?.digest ?? ""
}
