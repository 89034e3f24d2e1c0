import { type Policy, partsOf, quoteIdent, WardkeepError } from "@wardkeep/core"
import type { ColumnType, ColumnTypes } from "@wardkeep/permissions"
import type { Queryable } from "@wardkeep/postgres/migrate"

export interface ColumnFacts extends ColumnType {
  /** Generated, or an identity that is always generated: nobody writes it. */
  readonly unwritable: boolean
  /** It has a default, or is an identity. */
  readonly filled: boolean
  /** Part of a unique index. */
  readonly unique: boolean
}

export interface TableFacts {
  /** `schema.table` */
  readonly name: string
  readonly columns: ReadonlyMap<string, ColumnFacts>
  /** The columns of the primary key; none for a table without one. */
  readonly key: readonly string[]
  readonly level: Level
}

/** Where the rows of a table belong; `shared` rows belong to the branches that a link table names. */
export type Level = "global" | "tenant" | "branch" | "shared"

interface Row {
  readonly name: string
  readonly column: string
  readonly type: string
  readonly unwritable: boolean
  readonly filled: boolean
  readonly unique: boolean
  readonly exact: boolean
  readonly labels: string[] | null
  readonly at: number | null
}

const query = `
select n.nspname || '.' || c.relname as name, a.attname::text as column, format_type(a.atttypid, a.atttypmod) as type,
  a.attgenerated <> '' or a.attidentity = 'a' as unwritable, a.atthasdef or a.attidentity <> '' as filled,
  exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey)) as unique, coalesce(l.collisdeterministic, true) as exact,
  case when t.typtype = 'e' then array(select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) end as labels,
  array_position(k.conkey, a.attnum) as at
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_collation l on l.oid = a.attcollation
left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
where n.nspname || '.' || c.relname = any ($1) and c.relkind in ('r', 'p') order by 1, a.attnum`

/**
 * The tables of the policy file as the catalog has them. Read here and not with the compiler's own query: what is to be
 * tested must not share the mistake.
 *
 * @throws WK002 a table is not there
 */
export async function readTables(client: Queryable, policy: Policy): Promise<Map<string, TableFacts>> {
  const wanted = [...policy.tables].filter(([, { scope }]) => scope !== "unmanaged").map(([name]) => name)
  const { rows } = await client.query<Row>(query, [wanted])
  const tables = new Map<string, TableFacts>()
  for (const name of wanted) {
    const own = rows.filter((row) => row.name === name)
    if (own.length === 0)
      throw new WardkeepError("WK002", { message: `table ${name} is in the policy file and not in the database` })
    const key = own.filter(({ at }) => at !== null).sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
    const columns = own.map(({ column, type, unwritable, filled, unique, exact, labels }) => {
      const facts: ColumnFacts = { type, unwritable, filled, unique, exact, ...(labels !== null && { labels }) }
      return [column, facts] as const
    })
    tables.set(name, {
      name,
      columns: new Map(columns),
      key: key.map(({ column }) => column),
      level: levelOf(policy, name),
    })
  }
  return tables
}

export function typesOf(tables: ReadonlyMap<string, TableFacts>): ColumnTypes {
  return new Map([...tables].map(([name, { columns }]) => [name, columns]))
}

/** The column of the tenant table that its rows are known by. */
export function tenantKeyOf(policy: Policy, tables: ReadonlyMap<string, TableFacts>): string {
  return tables.get(policy.tenancy.tenant)?.key[0] ?? "id"
}

function levelOf(policy: Policy, table: string): Level {
  const scope = policy.tables.get(table)?.scope
  if (scope === "global" || scope === "branch") return scope
  if (typeof scope !== "object") return "tenant"
  return "shared" in scope ? "shared" : levelOf(policy, scope.through)
}

/** `schema.table` for SQL. */
export function sqlTable(name: string): string {
  return name.split(".").map(quoteIdent).join(".")
}

/** The type of a column for a cast; `text` for one that is not there. */
export function typeOf({ columns }: TableFacts, column: string): string {
  return columns.get(column)?.type ?? "text"
}

/** The columns that say where a row belongs, as far as the table has them. */
export function scopeOf(
  policy: Policy,
  { name, columns }: TableFacts,
): { tenant: string | null; branch: string | null } {
  const { tenant, branch } = policy.tenancy.columns
  const known = (column: string): string | null => (columns.has(column) ? column : null)
  if (name === policy.tenancy.tenant) return { tenant: null, branch: null }
  return { tenant: known(tenant), branch: known(branch) }
}

/** The tables that say who is assigned to whom. */
export function assignmentTables({ conditions }: Policy): string[] {
  const named = Object.values(conditions).flatMap((condition) =>
    [...partsOf(condition)].flatMap((part) => ("assigned" in part ? [part.assigned.table] : [])),
  )
  return [...new Set(named)]
}
