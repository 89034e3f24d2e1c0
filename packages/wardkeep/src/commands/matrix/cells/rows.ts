import { type Policy, quoteIdent } from "@wardkeep/core"
import type { Row } from "@wardkeep/permissions"
import { inTenant, type Queryable } from "@wardkeep/postgres/migrate"
import { assignmentTables, scopeOf, sqlTable, type TableFacts, typeOf } from "../catalog.js"
import { type Places, reason } from "./places.js"

/** Where the row of an attempt lies, seen from the context. */
export type Place = "own" | "sibling" | "other"

/** A row that is there. Its texts are what PostgreSQL prints, so that they can be written back exactly; never shown. */
export interface RealRow {
  readonly texts: ReadonlyMap<string, string | null>
  readonly values: Row
}

export type Samples = { readonly [P in Place]: readonly RealRow[] }

/** A condition on an assignment is answered from all of them. */
const wholeTable = 100_000

/** Some rows of every table in the three places, read as the owner in recorded contexts of the two tenants. */
export async function readSamples(
  client: Queryable,
  policy: Policy,
  tables: readonly TableFacts[],
  places: Places,
  limit: number,
): Promise<Map<string, Samples>> {
  const found = new Map<string, { own: RealRow[]; sibling: RealRow[]; other: RealRow[] }>(
    tables.map(({ name }) => [name, { own: [], sibling: [], other: [] }]),
  )
  const assigning = assignmentTables(policy)
  const read = async (tenant: string, branch: string | null, place: Place): Promise<void> => {
    await inTenant(client, policy, tenant, reason, async (q) => {
      await q.query("select set_config('datestyle', 'ISO', true)")
      for (const table of tables) {
        // Reference data lies nowhere, and what belongs to a whole clinic has no sibling.
        if (place !== "own" && table.level === "global") continue
        if (place === "sibling" && table.level === "tenant") continue
        const most = assigning.includes(table.name) ? wholeTable : limit
        found.get(table.name)?.[place].push(...(await rowsOf(q, policy, table, { tenant, branch }, places, most)))
      }
    })
  }
  await read(places.tenant, places.branch, "own")
  if (places.sibling !== null) await read(places.tenant, places.sibling, "sibling")
  if (places.other !== null) await read(places.other.tenant, places.other.branch, "other")
  return found
}

async function rowsOf(
  q: Queryable,
  policy: Policy,
  table: TableFacts,
  at: { readonly tenant: string; readonly branch: string | null },
  places: Places,
  limit: number,
): Promise<RealRow[]> {
  const names = [...table.columns.keys()]
  const texts = names.map((column, n) => `t.${quoteIdent(column)}::text as "${n}"`)
  const { where, values } = within(policy, table, at, places)
  const { rows } = await q.query<Record<string, string | null>>(
    `select ${texts.join(", ")} from ${sqlTable(table.name)} t${where} limit ${limit}`,
    values,
  )
  return rows.map((row) => realRow(table, new Map(names.map((column, n) => [column, row[n] ?? null]))))
}

/** All rows of a table that a context of one branch holds, as far as its fence goes. */
export async function readRows(q: Queryable, policy: Policy, table: TableFacts, branch: string): Promise<RealRow[]> {
  await q.query("select set_config('datestyle', 'ISO', true)")
  const places: Places = { tenant: "", branch, sibling: null, other: null }
  return await rowsOf(q, policy, table, { tenant: "", branch }, places, wholeTable)
}

/** The row of a key, where it is in the tenant; of a key of several columns only those that are not its scope. */
export async function rowOfKey(
  q: Queryable,
  policy: Policy,
  table: TableFacts,
  key: readonly string[],
): Promise<RealRow | null> {
  await q.query("select set_config('datestyle', 'ISO', true)")
  const names = [...table.columns.keys()]
  const texts = names.map((column, n) => `t.${quoteIdent(column)}::text as "${n}"`)
  const where = ownKey(policy, table).map((column, n) => `t.${quoteIdent(column)}::text = $${n + 1}`)
  const { rows } = await q.query<Record<string, string | null>>(
    `select ${texts.join(", ")} from ${sqlTable(table.name)} t where ${where.join(" and ")} limit 1`,
    key,
  )
  const [row] = rows
  return row === undefined ? null : realRow(table, new Map(names.map((column, n) => [column, row[n] ?? null])))
}

export function ownKey(policy: Policy, table: TableFacts): string[] {
  const scope = Object.values(scopeOf(policy, table))
  const own = table.key.filter((column) => !scope.includes(column))
  return own.length === 0 ? [...table.key] : own
}

export function realRow(table: TableFacts, texts: ReadonlyMap<string, string | null>): RealRow {
  const value = (column: string, text: string | null) =>
    text !== null && typeOf(table, column) === "boolean" ? text === "true" : text
  return { texts, values: Object.fromEntries([...texts].map(([column, text]) => [column, value(column, text)])) }
}

/** Of a shared identity a sibling's row is one that no link joins to the own branch. */
function within(
  policy: Policy,
  table: TableFacts,
  { branch }: { readonly tenant: string; readonly branch: string | null },
  places: Places,
): { where: string; values: string[] } {
  const scope = policy.tables.get(table.name)?.scope
  const column = scopeOf(policy, table).branch
  if (table.level === "branch" && column !== null && branch !== null)
    return { where: ` where t.${quoteIdent(column)} = $1::${typeOf(table, column)}`, values: [branch] }
  if (table.level !== "shared" || typeof scope !== "object" || !("shared" in scope) || branch === null)
    return { where: "", values: [] }
  const key = quoteIdent(table.key.find((one) => one !== policy.tenancy.columns.tenant) ?? table.key[0] ?? "id")
  const linked = (n: number): string =>
    `exists (select from ${sqlTable(scope.shared)} l where l.${quoteIdent(scope.by)} = t.${key} and l.${quoteIdent(policy.tenancy.columns.branch)}::text = $${n})`
  if (branch !== places.sibling) return { where: ` where ${linked(1)}`, values: [branch] }
  return { where: ` where ${linked(1)} and not ${linked(2)}`, values: [branch, places.branch] }
}
