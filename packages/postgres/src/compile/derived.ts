import { type Finding, type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { matrixRoles } from "./actors.js"
import { type Catalog, policySchemas } from "./catalog.js"
import { sqlName } from "./names.js"
import { coveredTables, type ScopedTable } from "./scope.js"
import { qualified } from "./step.js"

interface DerivedRow {
  readonly name: string
  readonly kind: "v" | "m" | "f"
  readonly owner: string
  readonly invoker: boolean
  /** It reads a table that the policy file covers, itself or through other views. */
  readonly reads: boolean
  /** `PUBLIC`, the application's login and matrix roles that may read or write it or a column of it. */
  readonly users: string[]
}

// A view keeps what it reads in its rewrite rule. Other schemas count too when their views read a covered table: a schema
// of reports is where such a view is made.
const derivedQuery = `
with recursive reads(oid) as (
  select t.oid from unnest($2::oid[]) t(oid)
  union
  select w.ev_class from reads r
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.oid and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite w on w.oid = d.objid
    join pg_class v on v.oid = w.ev_class and v.relkind in ('v', 'm')
)
select ${sqlName("n", "c")} as name, c.relkind::text as kind, pg_get_userbyid(c.relowner)::text as owner,
  exists (select from pg_options_to_table(c.reloptions) o where o.option_name = 'security_invoker' and o.option_value::boolean) as invoker,
  c.oid in (select oid from reads) as reads,
  array(select case g.name when 'public' then 'PUBLIC' else g.name::text end from unnest($3::name[]) with ordinality g(name, n)
         where has_any_column_privilege(g.name, c.oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(g.name, c.oid, 'DELETE')
         order by g.n) as users
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm', 'f') and (n.nspname = any ($1) or c.oid in (select oid from reads)
    or exists (select from pg_inherits i where i.inhrelid = c.oid and i.inhparent = any ($2)))
  and coalesce(obj_description(c.oid, 'pg_class'), '') not like 'wardkeep:%'
order by 1`

/**
 * Views, materialized views and foreign tables that are not ours: no fence stands in front of them. They are findings and
 * never an error of the plan, also with `rest: 'error'`. A `leak` when the application may read or write rows there that no fence
 * was asked about: a materialized view or foreign table, or a view over a covered table that has its owner's rights.
 */
export async function derivedFindings(
  client: Queryable,
  policy: Policy,
  catalog: Catalog,
  scoped: ReadonlyMap<string, ScopedTable>,
): Promise<Finding[]> {
  const covered = coveredTables(catalog, scoped).map((table) => table.oid)
  const users = ["public", roleNames(policy).app, ...matrixRoles(policy)]
  const { rows } = await client.query<DerivedRow>(derivedQuery, [policySchemas(policy), covered, users])
  return rows.map((row) => (isOpen(row) ? open(row) : notCovered(row)))
}

function isOpen({ kind, invoker, reads, users }: DerivedRow): boolean {
  return users.length > 0 && (kind !== "v" || (reads && !invoker))
}

const kinds = { v: "view", m: "materialized view", f: "foreign table" } as const

function open({ name, kind, owner, users }: DerivedRow): Finding {
  const who = users.map((role) => (role === "PUBLIC" ? "public" : quoteIdent(role))).join(", ")
  const revoke = `revoke all on ${qualified(name)} from ${who}`
  const why = {
    v: `reads covered tables with the rights of its owner ${owner}`,
    m: "holds copies of rows, and a materialized view can have no fence",
    f: "reads another server, and a foreign table can have no fence",
  }
  return {
    check: `${kinds[kind].replace(" ", "-")}-open`,
    severity: "leak",
    object: name,
    message: `the ${kinds[kind]} ${name} ${why[kind]}, and ${users.join(", ")} may use it`,
    fix: kind === "v" ? `alter view ${qualified(name)} set (security_invoker = true), or: ${revoke}` : revoke,
  }
}

function notCovered({ name, kind, invoker }: DerivedRow): Finding {
  const rights = kind === "v" && invoker ? "; it reads with the rights of whoever asks, which the fences see" : ""
  return {
    check: `${kinds[kind].replace(" ", "-")}-not-covered`,
    severity: "not-covered",
    object: name,
    message: `NOT COVERED: ${name} is a ${kinds[kind]}; Wardkeep grants nothing on it and protects nothing in it${rights}`,
  }
}
