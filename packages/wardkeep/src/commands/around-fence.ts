import { type Finding, type Policy, quoteIdent } from "@wardkeep/core"
import type pg from "pg"

interface Login {
  readonly login: string
  readonly ways: string[]
}

interface Publication {
  readonly name: string
  readonly everything: boolean
  readonly tables: string[]
}

/** Superusers and BYPASSRLS are listed apart; roles of a deployment have findings of their own for what they should not hold. */
const loginsQuery = `
with recursive link as (
  select roleid, member from pg_auth_members m
   where coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) or coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
), reach as (
  select oid as login, oid as role from pg_roles where rolcanlogin and not rolsuper and not rolbypassrls and rolname not like $1
  union select r.login, l.roleid from reach r join link l on l.member = r.role
), way as (
  select r.login, case when g.rolreplication then 'REPLICATION' else g.rolname::text end as name from reach r join pg_roles g on g.oid = r.role
   where g.rolreplication or g.rolname in ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
)
select l.rolname::text as login, array_agg(distinct w.name order by w.name) as ways
  from way w join pg_roles l on l.oid = w.login group by 1 order by 1`

const publicationsQuery = `
select p.pubname::text as name, p.puballtables as everything,
  array(select distinct format('%I.%I', t.schemaname, t.tablename) from pg_publication_tables t
    join pg_namespace n on n.nspname = t.schemaname join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename
    join pg_policy f on f.polrelid = c.oid and f.polname = 'wk_fence' where t.pubname = p.pubname order by 1) as tables
from pg_publication p order by 1`

/** Who gets every branch's rows without reading a table, where no policy is asked. */
export async function aroundFenceFindings(client: pg.Client, policy: Policy): Promise<Finding[]> {
  const logins = await client.query<Login>(loginsQuery, [`wk\\_${policy.deployment}\\_%`])
  const publications = await client.query<Publication>(publicationsQuery)
  return [
    ...logins.rows.map(throughServer),
    ...publications.rows.filter(({ everything, tables }) => everything || tables.length > 0).map(published),
  ]
}

function throughServer({ login, ways }: Login): Finding {
  const take = (way: string): string =>
    way === "REPLICATION" ? `alter role ${quoteIdent(login)} noreplication` : `revoke ${way} from ${quoteIdent(login)}`
  return {
    check: "around-the-fence",
    severity: "not-covered",
    object: `role ${login}`,
    message: `${login} reaches the rows of every branch through ${ways.join(", ")}: policies do not hold for copies of the server and for its files`,
    fix: `As an administrator, unless it must see every branch: ${ways.map(take).join("; ")}, or take it from the group that holds it`,
  }
}

function published({ name, everything, tables }: Publication): Finding {
  const what = everything ? "all tables" : tables.join(", ")
  return {
    check: "published-rows",
    severity: "not-covered",
    object: `publication ${name}`,
    message: `the publication ${name} sends the rows of every branch of ${what} to its subscribers`,
    fix: `Take fenced tables out of it, or drop publication ${quoteIdent(name)}, unless its subscribers may see every branch`,
  }
}
