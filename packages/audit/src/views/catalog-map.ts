import type { Ask } from "@wardkeep/postgres/client"
import { sourceNames } from "./source-names.js"
import type { ViewedTable } from "./viewed.js"

/** A column of a table whose views are recorded, or of what stands for the table: a partition, or a role's same-shape view. */
export interface Origin {
  readonly relation: string
  readonly column: string
}

/** What the database says of the tables whose views are recorded, as one role sees it. */
export interface CatalogMap {
  /** By `tableID.columnID` of a row description. */
  readonly origins: ReadonlyMap<string, Origin>
  /** The table that rows of a relation belong to: itself, the root of a partition, the table whose words they are. */
  readonly rootOf: ReadonlyMap<string, string>
  readonly columns: ReadonlyMap<string, readonly string[]>
  /** `table.column` of columns that may be empty: a row may be of nobody known. */
  readonly nullable: ReadonlySet<string>
  /** The key that a row is found by inside a branch, where it is one column. */
  readonly keys: ReadonlyMap<string, { readonly column: string; readonly type: string }>
  /** Finds calls of functions that could read tables without showing it. */
  readonly opaque: RegExp
  /** What a text reads from by the names in it. */
  namedIn(text: string): Named
}

export interface Named {
  /** By their own names, or by those of views over them. */
  readonly tables: ReadonlySet<string>
  /** Functions that could read tables without showing it, behind views. */
  readonly functions: ReadonlySet<string>
}

interface ColumnRow {
  readonly oid: string
  readonly name: string
  readonly root: string
  readonly number: number
  readonly column: string
  readonly type: string
  readonly shown: boolean
  readonly key: boolean
  readonly isRoot: boolean
  readonly required: boolean
}

const columnsQuery = `
with recursive named as (
  select c.oid, n.nspname || '.' || c.relname as name, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname || '.' || c.relname = any ($1::text[]) and c.relkind in ('r', 'p', 'f')
), tree as (
  select oid, oid as root, name as root_name from named
  union
  select c.oid, t.root, t.root_name from tree t join pg_catalog.pg_inherits i on i.inhparent = t.oid join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relispartition
), standing as (
  select oid, root, root_name from tree
  union
  select v.oid, d.oid, d.name from named d join pg_catalog.pg_class v on v.relname = d.relname and v.relkind = 'v'
    join pg_catalog.pg_namespace n on n.oid = v.relnamespace and n.nspname = pg_catalog.current_setting('role')
)
select s.oid::text as oid, n.nspname || '.' || c.relname as name, s.root_name as root, a.attnum::int as number, a.attname::text as column,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as type, s.oid = s.root as "isRoot", a.attnotnull as required,
  pg_catalog.has_column_privilege(s.root, a.attname, 'select') as shown,
  coalesce((select a.attnum = any (k.indkey) from pg_catalog.pg_index k where k.indrelid = s.oid and k.indisprimary), false) as key
  from standing s join pg_catalog.pg_class c on c.oid = s.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped order by 1, 4`

/** Not immutable, not of an extension in C, and no trigger: what may run a query of its own. */
const functionsQuery = `
select distinct p.proname::text as name from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
 where p.provolatile <> 'i' and l.lanname not in ('internal', 'c') and n.nspname not in ('pg_catalog', 'information_schema', 'wardkeep', 'wardkeep_audit')
   and p.prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)`

/**
 * The tables and functions that each view is made of, whatever stands between: a plan prints neither what stands in a VALUES list nor
 * behind LIMIT, and leaves out what a constant rules out.
 */
const viewsQuery = `
with recursive made as (
  select r.ev_class as view, d.refclassid as class, d.refobjid as of from pg_catalog.pg_rewrite r
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid and d.refobjid <> r.ev_class
    join pg_catalog.pg_class c on c.oid = r.ev_class and c.relkind = 'v' where r.oid >= 16384
), under as (
  select view, class, of from made
  union
  select m.view, u.class, u.of from made m join under u on m.class = 'pg_catalog.pg_class'::pg_catalog.regclass and m.of = u.view
)
select distinct v.relname::text as view,
  case when u.class = 'pg_catalog.pg_class'::pg_catalog.regclass then (select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = u.of) end as table,
  case when u.class = 'pg_catalog.pg_proc'::pg_catalog.regclass then (select p.proname from pg_catalog.pg_proc p where p.oid = u.of) end::text as function
  from under u join pg_catalog.pg_class v on v.oid = u.view join pg_catalog.pg_namespace vn on vn.oid = v.relnamespace
 where u.class in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
   and vn.nspname not in ('pg_catalog', 'information_schema', 'wardkeep', 'wardkeep_audit')`

interface ViewRow {
  readonly view: string
  readonly table: string | null
  readonly function: string | null
}

/** Of PostgreSQL itself and the extensions beside it: they run a text, or read a table by its name. */
export const runsText = [
  "(?:query|table|cursor|schema|database)_to_xml\\w*",
  "ts_stat",
  "ts_rewrite",
  "crosstab\\w*",
  "connectby",
  "xpath_table",
  "dblink\\w*",
]

export async function readCatalogMap(
  ask: Ask,
  tables: ReadonlyMap<string, ViewedTable>,
  scopeColumns: readonly string[],
): Promise<CatalogMap> {
  const [columns, functions, views] = await Promise.all([
    ask.query<ColumnRow>(columnsQuery, [[...tables.keys()]]),
    ask.query<{ name: string }>(functionsQuery, []),
    ask.query<ViewRow>(viewsQuery, []),
  ])
  const origins = new Map<string, Origin>()
  const rootOf = new Map<string, string>([...tables.keys()].map((name) => [`${name}_word`, name]))
  const named = new Map<string, string[]>()
  const nullable = new Set<string>()
  const keys = new Map<string, { column: string; type: string }[]>()
  for (const row of columns) {
    rootOf.set(row.name, row.root)
    if (row.shown) origins.set(`${row.oid}.${row.number}`, { relation: row.root, column: row.column })
    if (!row.isRoot) continue
    push(named, row.root, row.column)
    if (!row.required) nullable.add(`${row.root}.${row.column}`)
    if (row.key && !scopeColumns.includes(row.column)) push(keys, row.root, { column: row.column, type: row.type })
  }
  const single = [...keys].flatMap(([relation, [key, second]]) =>
    key !== undefined && second === undefined ? [[relation, key] as const] : [],
  )
  const called = new Set(functions.map(({ name }) => name))
  return {
    origins,
    rootOf,
    columns: named,
    nullable,
    keys: new Map(single),
    opaque: anyOf([...[...called].map(written), ...runsText]),
    namedIn: namedIn(rootOf, views, called),
  }
}

const anyOf = (patterns: readonly string[]): RegExp => new RegExp(`(?<![\\w$])(${patterns.join("|")})(?![\\w$])`, "i")

function namedIn(
  rootOf: ReadonlyMap<string, string>,
  views: readonly ViewRow[],
  opaque: ReadonlySet<string>,
): CatalogMap["namedIn"] {
  const tables = new Map<string, string[]>()
  const functions = new Map<string, string[]>()
  for (const [relation, root] of rootOf) push(tables, relation.slice(relation.indexOf(".") + 1), root)
  for (const { view, table, function: name } of views) {
    const root = rootOf.get(table ?? "")
    if (root !== undefined) push(tables, view, root)
    if (name !== null && opaque.has(name)) push(functions, view, name)
  }
  return (text) => {
    // Where the text is not clear, whatever it holds could be named.
    const names = sourceNames(text)
    const of = (all: ReadonlyMap<string, readonly string[]>): Set<string> =>
      new Set([...all].flatMap(([name, what]) => ((names?.has(name) ?? text.includes(name)) ? what : [])))
    return { tables: of(tables), functions: of(functions) }
  }
}

/** As it stands in a text: quotes twice, and all that is typed behind the 63 bytes which PostgreSQL keeps of a name. */
function written(name: string): string {
  return escaped(name.replaceAll('"', '""')) + (Buffer.byteLength(name) >= 63 ? "[\\w$]*" : "")
}

function push<T>(into: Map<string, T[]>, key: string, value: T): void {
  const list = into.get(key)
  if (list === undefined) into.set(key, [value])
  else list.push(value)
}

function escaped(name: string): string {
  return name.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")
}
