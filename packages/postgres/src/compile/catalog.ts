import type { Policy } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { interpreted, withSettings } from "../database/with-settings.js"
import { nameOf, sqlName } from "./names.js"

export interface CatalogColumn {
  readonly name: string
  /** As `format_type` prints it, without length: `uuid`, `bigint`, `text`. */
  readonly type: string
  readonly notNull: boolean
  readonly default: string | null
  readonly identity: boolean
  readonly generated: boolean
  /** False where its collation takes different texts for the same. */
  readonly exact: boolean
  /** Labels, when the type is an enum. */
  readonly labels?: readonly string[]
}

export interface CatalogConstraint {
  readonly name: string
  readonly type: "p" | "u" | "f" | "x"
  readonly columns: readonly string[]
  readonly parent: string | null
  readonly parentColumns: readonly string[]
  readonly onUpdate: string
  readonly onDelete: string
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly validated: boolean
  readonly matchFull: boolean
  readonly comment: string | null
}

export interface CatalogTable {
  readonly oid: number
  /** `schema.table` */
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly kind: "r" | "p"
  /** The partitioned table this is a direct partition of. */
  readonly partitionOf: string | null
  /** DETACH PARTITION … CONCURRENTLY was begun and never finished: the whole shows its rows no more. */
  readonly detachPending: boolean
  /** It has foreign tables among its partitions, at any depth. */
  readonly foreignParts: boolean
  /** Sequences of serial columns; those of identity columns need no privilege. */
  readonly sequences: readonly string[]
  readonly owner: string
  readonly rls: boolean
  readonly forced: boolean
  readonly columns: ReadonlyMap<string, CatalogColumn>
  readonly constraints: readonly CatalogConstraint[]
  /** Unique indexes, constraint or not: their column names; an expression shows as an empty name. */
  readonly uniques: readonly (readonly string[])[]
  /** Those that hold for every row at every moment, and so may be referred to. */
  readonly wholeUniques: readonly (readonly string[])[]
  readonly indexes: readonly (readonly string[])[]
}

/** INHERITS between a table that is looked at and any other; partitions are not meant. */
export interface Inheritance {
  readonly child: string
  readonly parent: string
}

export interface Catalog {
  readonly serverVersion: number
  readonly currentUser: string
  readonly tables: ReadonlyMap<string, CatalogTable>
  /** Tables of this owner elsewhere that carry policies of ours: partitions before they were detached. */
  readonly leftBehind: readonly CatalogTable[]
  readonly inheritance: readonly Inheritance[]
  readonly roles: ReadonlySet<string>
  /** Objects that carry our comment, on tables of this owner: id → hash. */
  readonly managed: ReadonlyMap<string, string>
  /** Policies nobody of ours made: `schema.table policy`. */
  readonly foreignPolicies: readonly string[]
}

/** The schemas whose relations the plan looks at. */
export function policySchemas(policy: Policy): string[] {
  const named = [...policy.tables.keys()].map((name) => name.slice(0, name.indexOf(".")))
  return [...new Set(["wardkeep_lookup", policy.schema, ...named])]
}

/** Reads what compiling needs: the schemas the policy names, and partitions of their tables wherever they are. */
export async function readCatalog(client: Queryable, policy: Policy): Promise<Catalog> {
  return await withSettings(client, interpreted, () => readParts(client, policy))
}

async function readParts(client: Queryable, policy: Policy): Promise<Catalog> {
  const schemas = policySchemas(policy)
  const base = await client.query<{ number: number; name: string }>(
    "select current_setting('server_version_num')::int as number, current_user::text as name",
  )
  const roles = await client.query<{ name: string }>(
    "select rolname::text as name from pg_roles where rolname like 'wk\\_%'",
  )
  const tables = await readTables(client, schemas, [])
  const oids = [...tables.values()].map((table) => table.oid)
  return {
    serverVersion: base.rows[0]?.number ?? 0,
    currentUser: base.rows[0]?.name ?? "",
    tables,
    leftBehind: await readLeftBehind(client, oids),
    inheritance: await readInheritance(client, oids),
    roles: new Set(roles.rows.map((row) => row.name)),
    managed: await readManaged(client),
    foreignPolicies: await readForeignPolicies(client, oids),
  }
}

interface TableRow {
  oid: number
  schema: string
  table: string
  kind: "r" | "p"
  partitionOf: string | null
  detachPending: boolean
  foreignParts: boolean
  sequences: string[]
  owner: string
  rls: boolean
  forced: boolean
  columns: (Omit<CatalogColumn, "labels"> & { labels: string[] | null })[]
  constraints: CatalogConstraint[]
  indexes: { unique: boolean; whole: boolean; columns: string[] }[]
}

const tablesQuery = `
with recursive looked_at(oid) as (
  select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1) or c.oid = any ($2)
  union
  select i.inhrelid from looked_at l join pg_inherits i on i.inhparent = l.oid
)
select c.oid::int as oid, n.nspname::text as schema, c.relname::text as table, c.relkind::text as kind,
  (select ${sqlName("pn", "pc")} from pg_inherits i join pg_class pc on pc.oid = i.inhparent
     join pg_namespace pn on pn.oid = pc.relnamespace where c.relispartition and i.inhrelid = c.oid) as "partitionOf",
  exists (select from pg_inherits i where i.inhrelid = c.oid and i.inhdetachpending) as "detachPending",
  c.relkind = 'p' and exists (select from pg_partition_tree(c.oid) t join pg_class f on f.oid = t.relid and f.relkind = 'f') as "foreignParts",
  array(select ${sqlName("sn", "sc")} from pg_depend d join pg_class sc on sc.oid = d.objid and sc.relkind = 'S'
     join pg_namespace sn on sn.oid = sc.relnamespace
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype = 'a' order by 1) as sequences, pg_get_userbyid(c.relowner)::text as owner, c.relrowsecurity as rls, c.relforcerowsecurity as forced,
  (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', regexp_replace(format_type(a.atttypid, null), '^character varying$', 'text'),
      'notNull', a.attnotnull, 'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
      'identity', a.attidentity <> '', 'generated', a.attgenerated <> '',
      'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = a.atttypid),
      'exact', coalesce((select l.collisdeterministic from pg_collation l where l.oid = a.attcollation), true)) order by a.attnum), '[]')
   from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(jsonb_agg(jsonb_build_object('name', k.conname, 'type', k.contype,
      'columns', (select coalesce(jsonb_agg(a.attname order by u.n), '[]') from unnest(k.conkey) with ordinality u(num, n)
                   join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
      'parent', (select ${sqlName("pn", "pc")} from pg_class pc join pg_namespace pn on pn.oid = pc.relnamespace where pc.oid = k.confrelid),
      'parentColumns', (select coalesce(jsonb_agg(a.attname order by u.n), '[]') from unnest(k.confkey) with ordinality u(num, n)
                   join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num),
      'onUpdate', k.confupdtype, 'onDelete', k.confdeltype, 'deferrable', k.condeferrable, 'deferred', k.condeferred,
      'validated', k.convalidated, 'matchFull', k.confmatchtype = 'f', 'comment', obj_description(k.oid, 'pg_constraint')) order by k.conname), '[]')
   from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'x') and k.conparentid = 0
     -- From 18 on a constraint may be declared and not held to.
     and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)) as constraints,
  (select coalesce(jsonb_agg(jsonb_build_object('unique', i.indisunique,
      'whole', i.indisunique and i.indimmediate and i.indpred is null and not i.indisexclusion,
      'columns', (select coalesce(jsonb_agg(coalesce(a.attname, '') order by u.n), '[]') from unnest(i.indkey::int[]) with ordinality u(num, n)
                   left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.num and u.num > 0 where u.n <= i.indnkeyatts))), '[]')
   from pg_index i where i.indrelid = c.oid and i.indisvalid) as indexes
from looked_at join pg_class c on c.oid = looked_at.oid join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') order by n.nspname, c.relname`

async function readTables(
  client: Queryable,
  schemas: readonly string[],
  single: readonly number[],
): Promise<Map<string, CatalogTable>> {
  const { rows } = await client.query<TableRow>(tablesQuery, [schemas, single])
  return new Map(
    rows.map((row) => {
      const { columns, indexes, ...rest } = row
      const table: CatalogTable = {
        ...rest,
        name: nameOf(row.schema, row.table),
        columns: new Map(
          columns.map(({ labels, ...column }) => [column.name, labels === null ? column : { ...column, labels }]),
        ),
        uniques: indexes.filter((index) => index.unique).map((index) => index.columns),
        wholeUniques: indexes.filter((index) => index.whole).map((index) => index.columns),
        indexes: indexes.map((index) => index.columns),
      }
      return [table.name, table]
    }),
  )
}

// From the comments to the objects: asking each of 3,000 functions for its comment takes 30 ms, three times an apply.
const managedQuery = `
with marked as materialized (
  select classoid, objoid, substr(description, 10) as hash from pg_description where objsubid = 0 and description like 'wardkeep:%'
)
select 'policy ' || ${sqlName("n", "c")} || ' ' || p.polname as id, hash
  from marked join pg_policy p on p.oid = objoid and classoid = 'pg_policy'::regclass join pg_class c on c.oid = p.polrelid and pg_get_userbyid(c.relowner) = current_user join pg_namespace n on n.oid = c.relnamespace
union all
select 'trigger ' || ${sqlName("n", "c")} || ' ' || t.tgname, hash
  from marked join pg_trigger t on t.oid = objoid and classoid = 'pg_trigger'::regclass and not t.tgisinternal join pg_class c on c.oid = t.tgrelid and pg_get_userbyid(c.relowner) = current_user join pg_namespace n on n.oid = c.relnamespace
union all
select case c.relkind when 'v' then 'view ' else 'table ' end || ${sqlName("n", "c")}, hash
  from marked join pg_class c on c.oid = objoid and classoid = 'pg_class'::regclass and c.relkind in ('v', 'r') join pg_namespace n on n.oid = c.relnamespace
union all
select 'function ' || n.nspname || '.' || p.proname, hash
  from marked join pg_proc p on p.oid = objoid and classoid = 'pg_proc'::regclass join pg_namespace n on n.oid = p.pronamespace
union all
select 'statistics ' || n.nspname || '.' || s.stxname, hash
  from marked join pg_statistic_ext s on s.oid = objoid and classoid = 'pg_statistic_ext'::regclass and s.stxname like 'wk\\_scope\\_%' join pg_namespace n on n.oid = s.stxnamespace
union all
select 'schema ' || n.nspname, hash from marked join pg_namespace n on n.oid = objoid and classoid = 'pg_namespace'::regclass`

async function readManaged(client: Queryable): Promise<Map<string, string>> {
  const { rows } = await client.query<{ id: string; hash: string }>(managedQuery)
  return new Map(rows.map((row) => [row.id, row.hash]))
}

async function readLeftBehind(client: Queryable, known: readonly number[]): Promise<CatalogTable[]> {
  const { rows } = await client.query<{ oid: number }>(
    `select distinct p.polrelid::int as oid from pg_description d join pg_policy p on p.oid = d.objoid
       join pg_class c on c.oid = p.polrelid and pg_get_userbyid(c.relowner) = current_user
      where d.classoid = 'pg_policy'::regclass and d.objsubid = 0 and d.description like 'wardkeep:%' and p.polrelid <> all ($1::oid[])`,
    [known],
  )
  const oids = rows.map(({ oid }) => oid)
  if (oids.length === 0) return []
  return [...(await readTables(client, [], oids)).values()].filter(({ oid }) => oids.includes(oid))
}

async function readInheritance(client: Queryable, tables: readonly number[]): Promise<Inheritance[]> {
  const { rows } = await client.query<Inheritance>(
    `select ${sqlName("cn", "c")} as child, ${sqlName("pn", "p")} as parent
       from pg_inherits i join pg_class c on c.oid = i.inhrelid and not c.relispartition join pg_namespace cn on cn.oid = c.relnamespace
       join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace
      where p.relkind in ('r', 'f') and (c.oid = any ($1::oid[]) or p.oid = any ($1::oid[])) order by 1, 2`,
    [tables],
  )
  return rows
}

async function readForeignPolicies(client: Queryable, tables: readonly number[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select ${sqlName("n", "c")} || ' ' || p.polname as name
       from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
      where (c.oid = any ($1::oid[]) or n.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent')) and coalesce(obj_description(p.oid, 'pg_policy'), '') not like 'wardkeep:%' order by 1`,
    [tables],
  )
  return rows.map((row) => row.name)
}
