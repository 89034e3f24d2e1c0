import type { Finding } from "@wardkeep/core"
import type { CatalogTable } from "./catalog.js"
import { scopedKey } from "./columns.js"
import { type ScopedTable, scopeColumns, tablesOf } from "./scope.js"
import { list, qualified } from "./step.js"

/** Columns of one table: of the whole, or of a partition that has them by itself. */
interface Columns {
  readonly on: CatalogTable
  readonly columns: readonly string[]
}

/** What the table has, and what a partition has that the table above it has not. */
function each(entry: ScopedTable, of: (table: CatalogTable) => readonly (readonly string[])[]): Columns[] {
  const tables = tablesOf(entry)
  const listed = (name: string | null): ReadonlySet<string> =>
    new Set(
      tables.filter((table) => table.name === name).flatMap((table) => of(table).map((columns) => columns.join())),
    )
  return tables.flatMap((on) => {
    const above = on.name === entry.table.name ? new Set<string>() : listed(on.partitionOf)
    const own = new Map(of(on).map((columns) => [columns.join(), columns]))
    return [...own].filter(([joined]) => !above.has(joined)).map(([, columns]) => ({ on, columns }))
  })
}

/** Unique keys that do not hold the scope tell one branch what exists in another. */
function keyOracles(entry: ScopedTable): Finding[] {
  const scope = scopeColumns(entry).map(([column]) => column)
  return each(entry, (table) => [...table.uniques, ...exclusions(table)])
    .filter(({ columns }) => !holdsScope(entry, columns))
    .map(({ on, columns }) => ({
      check: "unique-key-oracle",
      severity: "oracle",
      object: `${on.name} (${columns.join(", ")})`,
      message: `inserting tells whether the value exists in another ${entry.branch === null ? "tenant" : "branch"}`,
      fix: `make the key (${[...scope, ...columns.filter((column) => !scope.includes(column))].join(", ")})`,
    }))
}

/** Exclusion constraints are asked of every row too; their expressions have no name. */
function exclusions(table: CatalogTable): (readonly string[])[] {
  return table.constraints.filter(({ type }) => type === "x").map(({ columns }) => columns)
}

function holdsScope(entry: ScopedTable, columns: readonly string[]): boolean {
  return scopeColumns(entry).every(([column]) => columns.includes(column))
}

export function oracleKeys(entry: ScopedTable): (readonly string[])[] {
  return each(entry, ({ uniques }) => uniques)
    .map(({ columns }) => columns)
    .filter((columns) => !holdsScope(entry, columns))
}

/** Look-ups start with the scope. Lists that are cut want no branch: it is one of many to the index, which then has no order. */
export function indexFindings(entry: ScopedTable): Finding[] {
  if (entry.tenant === null) return []
  const leading = entry.tenant.column
  const oracles = [...keyOracles(entry), ...indexOracles(entry)]
  if (entry.table.indexes.some((columns) => columns[0] === leading)) return oracles
  return [
    ...oracles,
    {
      check: "no-index-led-by-tenant",
      severity: "hygiene",
      object: entry.table.name,
      message: `no index starts with the tenant column, so every statement reads the whole table; lists that are ordered and cut want one more, on ${leading} and the column they are ordered by, without the branch`,
      fix: createIndex(entry.table, scopedKey(entry, entry.key)),
    },
  ]
}

/** An index that starts elsewhere is asked before the fence: only where it finds a row does a refused context fail. */
function indexOracles(entry: ScopedTable): Finding[] {
  const scope = scopeColumns(entry).map(([column]) => column)
  return each(entry, ({ indexes }) => indexes)
    .filter(({ on, columns }) => !scope.includes(columns[0] ?? "") && !isUnique(on, columns))
    .map(({ on, columns }) => {
      const named = columns.map((column) => (column === "" ? "an expression" : column))
      return {
        check: "index-oracle",
        severity: "oracle",
        object: `${on.name} (${named.join(", ")})`,
        message: "an index does not start with the scope: a context that is refused can learn whether a value is there",
        ...(columns.every((column) => column !== "") && {
          fix: `${createIndex(on, scopedKey(entry, columns))}; then drop the other one`,
        }),
      }
    })
}

/** Then it is a `unique-key-oracle`, or none. */
function isUnique(table: CatalogTable, columns: readonly string[]): boolean {
  return [...table.uniques, ...exclusions(table)].some((unique) => unique.join() === columns.join())
}

/** A partitioned table takes no CONCURRENTLY. */
function createIndex(table: CatalogTable, columns: readonly string[]): string {
  return `create index ${table.kind === "p" ? "" : "concurrently "}on ${qualified(table.name)} (${list(columns)})`
}
