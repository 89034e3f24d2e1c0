import { isTable, type Relation } from "../catalog/relation.js"
import type { Connection } from "../database/connection.js"
import type { ServerError } from "../database/outcome.js"
import type { Scene } from "../run/check.js"

/** Of a policy, of a view with CHECK OPTION, or of a trigger that raises it itself, under whatever code. */
const isRefusal = (error: ServerError | undefined): boolean =>
  error !== undefined && (/^(42501|44000|P0001)$/.test(error.code) || /^PL\/pgSQL .* RAISE$/m.test(error.where))

/**
 * A constraint of the table itself refused the row. PostgreSQL asks the policies before: they let it pass, and what
 * stands in its way is that a key is taken, and not whose row it is. Said only where nothing else could have refused or
 * changed the row: no trigger, no rule, and no constraint that asks who is asking.
 */
export async function passedPolicies(scene: Scene, relation: Relation, error: ServerError): Promise<boolean> {
  const { code, constraint, table, where } = error
  if (!isTable(relation) || relation.kind === "f") return false
  // A trigger or a function that raises it names itself in `where`; a domain and a missing partition have no constraint.
  if (where !== "" || table === "" || !/^23(502|503|505|514|P01)$/.test(code)) return false
  if (code !== "23502" && constraint === "") return false
  const deciders = await decidersOf(scene.reader)
  return (
    deciders !== undefined &&
    !deciders.has(relation.oid) &&
    !deciders.has(`${table}.${constraint}`) &&
    !deciders.has(tenantCheck(relation, error))
  )
}

/** Refused for whose row it would be: by a policy or a trigger, or by a CHECK that keeps tenants apart. */
export async function refusedFor(scene: Scene, relation: Relation, error: ServerError | undefined): Promise<boolean> {
  return isRefusal(error) || (error !== undefined && (await isTenantCheck(scene, relation, error)))
}

/**
 * A CHECK that names the tenant column, as a table per tenant has it, refused the row: that is what keeps tenants apart
 * there.
 */
async function isTenantCheck({ reader }: Scene, relation: Relation, error: ServerError): Promise<boolean> {
  if (error.code !== "23514" || error.where !== "" || error.constraint === "") return false
  return (await decidersOf(reader))?.has(tenantCheck(relation, error)) === true
}

const tenantCheck = ({ tenancy }: Relation, { table, constraint }: ServerError): string =>
  `${table}.${constraint} of ${tenancy.by === "column" ? tenancy.column.name : ""}`

const known = new WeakMap<Connection, Promise<ReadonlySet<string> | undefined>>()

async function decidersOf(reader: Connection): Promise<ReadonlySet<string> | undefined> {
  const found =
    known.get(reader) ??
    reader.rowsInTime(question).then((rows) => rows && new Set(rows.map(({ what }) => String(what))))
  known.set(reader, found)
  return await found
}

/**
 * Tables with triggers before each row, with triggers afterwards that could still refuse it, or with rules, their parents
 * among them, and constraints that read the context. A PL/pgSQL function without RAISE keeps an audit log or a sum. Each
 * CHECK is listed with every column it names as well.
 */
const question = `
  with recursive changed as (
    select t.tgrelid as oid from pg_catalog.pg_trigger as t
    join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    join pg_catalog.pg_language as l on l.oid = p.prolang
    where not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype::int & 20 > 0
      and (t.tgtype::int & 3 = 3 or t.tgtype::int & 2 = 0 and (l.lanname <> 'plpgsql' or p.prosrc ~* '\\mraise\\M'))
    union
    select ev_class from pg_catalog.pg_rewrite where ev_type in ('2', '3')
    union
    select i.inhparent from changed join pg_catalog.pg_inherits as i on i.inhrelid = changed.oid
  )
  select oid::text as what from changed
  union all
  select c.relname || '.' || k.conname || ' of ' || a.attname from pg_catalog.pg_constraint as k
  join pg_catalog.pg_class as c on c.oid = k.conrelid
  join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
  where k.contype = 'c'
  union all
  select c.relname || '.' || k.conname from pg_catalog.pg_constraint as k
  join pg_catalog.pg_class as c on c.oid = k.conrelid
  where k.contype = 'c' and (
    k.conbin::text ~ (':funcid (' || (
      select pg_catalog.string_agg(p.oid::text, '|') from pg_catalog.pg_proc as p
      where p.pronamespace = 'pg_catalog'::regnamespace and p.proname in ('current_setting', 'pg_has_role')
    ) || ') ')
    or k.conbin::text ~ '{SQLVALUEFUNCTION'
    or exists (
      select from pg_catalog.pg_depend as d where d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = k.oid
        and d.refclassid = 'pg_catalog.pg_proc'::regclass
    ))`
