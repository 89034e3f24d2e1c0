import { type Policy, quoteIdent, quoteLiteral, type TableRule, WardkeepError } from "@wardkeep/core"
import { type Catalog, type CatalogTable, readCatalog } from "../compile/catalog.js"
import { qualified } from "../compile/step.js"
import { tenancyKeys } from "../compile/tenancy-keys.js"
import { lockTables } from "../database/lock.js"
import type { Queryable } from "../database/queryable.js"

export interface UnseenOptions {
  readonly client: Queryable
  readonly policy: Policy
  /** Rows of these tenants only; of all, and of tenants that nobody knows, when left out. */
  readonly tenants?: readonly string[] | undefined
  readonly lockTimeout: number
}

/** A fenced table and the columns that its fence compares; in the table of tenants the key is the tenant. */
interface Fenced {
  readonly table: CatalogTable
  readonly tenant: string
  readonly branch: string | null
}

/**
 * Refuses where rows belong to a branch or a tenant that is not known: no context shows them, so no work in one reaches
 * them. Where a foreign key leads to the branch there can be none. Other tables are counted without FORCE, and so under an
 * exclusive lock; going back to the savepoint ends both. Inside a transaction of the owner.
 *
 * @throws WK307 rows that no context shows, by table and number · the tables were in use for longer than `lockTimeout`
 */
export async function refuseUnseenRows({ client, policy, tenants, lockTimeout }: UnseenOptions): Promise<void> {
  const loose = countedTables(policy, await readCatalog(client, policy))
  if (loose.length === 0) return
  const tables = loose.map(({ table }) => table.name)
  const found: string[] = []
  await client.query("savepoint wk_unseen")
  await lockTables(client, tables, lockTimeout)
  // A partition that is read through its root is asked for nothing of its own.
  for (const table of tables) await client.query(`alter table ${qualified(table)} no force row level security`)
  for (const entry of loose) {
    const { rows } = await client.query<{ n: string }>(unseen(entry, tenants))
    const n = Number(rows[0]?.n)
    if (n > 0) found.push(`${entry.table.name}: ${n} ${n === 1 ? "row" : "rows"}`)
  }
  await client.query("rollback to savepoint wk_unseen")
  if (found.length === 0) return
  throw new WardkeepError("WK307", {
    message: `rows of a branch or a tenant that is not known, which no context shows: ${found.join(", ")}; nothing was changed`,
    hint: "Give them a branch of their tenant in maintenance, or delete them there. A foreign key to the branch keeps them from coming back.",
  })
}

function unseen({ table, tenant, branch }: Fenced, tenants: readonly string[] | undefined): string {
  const text = (column: string): string => `r.${quoteIdent(column)}::text`
  const known =
    branch === null
      ? `wardkeep.known_tenant k where k.tenant = ${text(tenant)}`
      : `wardkeep.known_branch k join wardkeep.known_tenant t using (tenant) where k.tenant = ${text(tenant)} and k.branch = ${text(branch)}`
  const among = tenants && ` and ${text(tenant)} = any (array[${tenants.map(quoteLiteral).join(", ")}]::text[])`
  return `select count(*) as n from ${qualified(table.name)} r where not exists (select from ${known})${among ?? ""}`
}

/** Each table either refers to one that is counted or safe itself, or is counted. A child by INHERITS has no key of its parent's. */
function countedTables(policy: Policy, catalog: Catalog): Fenced[] {
  const { tenant, branch } = policy.tenancy
  const branches = { name: branch, key: tenancyKeys(policy, catalog).branchKey }
  const parents = new Set(catalog.inheritance.map(({ parent }) => parent))
  const waiting = new Map([...policy.tables].flatMap(([name, rule]) => fenced(policy, catalog, name, rule)))
  const safe = new Map([...waiting].filter(([name]) => name === tenant))
  const counted: Fenced[] = []
  waiting.delete(tenant)
  while (waiting.size > 0) {
    const next = [...waiting.values()].find(
      (entry) => !parents.has(entry.table.name) && leadsToOneOf(safe, entry, branches),
    )
    const entry = next ?? waiting.get(branch) ?? [...waiting.values()][0]
    if (entry === undefined) break
    if (next === undefined) counted.push(entry)
    safe.set(entry.table.name, entry)
    waiting.delete(entry.table.name)
  }
  return counted
}

/** Asked of the catalog, so that what the next plan has still to correct keeps nobody from correcting it in a backfill. */
function fenced(policy: Policy, catalog: Catalog, name: string, rule: TableRule): [string, Fenced][] {
  const table = catalog.tables.get(name)
  const level = levelOf(policy, rule)
  if (table === undefined || level === null || !table.rls || !table.forced) return []
  const { columns } = policy.tenancy
  if (name === policy.tenancy.tenant) {
    const key = table.constraints.find(({ type }) => type === "p")?.columns[0]
    return key === undefined ? [] : [[name, { table, tenant: key, branch: null }]]
  }
  const branch = level === "branch" ? columns.branch : null
  if (!table.columns.has(columns.tenant) || (branch !== null && !table.columns.has(branch))) return []
  return [[name, { table, tenant: columns.tenant, branch }]]
}

function levelOf(policy: Policy, { scope }: TableRule): "tenant" | "branch" | null {
  if (scope === "unmanaged" || scope === "global") return null
  if (typeof scope === "string") return scope
  if ("shared" in scope) return "tenant"
  const parent = policy.tables.get(scope.through)
  return parent === undefined ? null : levelOf(policy, parent)
}

/** A validated foreign key that no null passes by, with the tenant and, where there is one, the branch in it. */
function leadsToOneOf(
  safe: ReadonlyMap<string, Fenced>,
  { table, tenant, branch }: Fenced,
  branches: { readonly name: string; readonly key: string },
): boolean {
  return table.constraints.some((key) => {
    const parent = key.parent === null ? undefined : safe.get(key.parent)
    if (key.type !== "f" || !key.validated || parent === undefined) return false
    if (!key.columns.every((column) => table.columns.get(column)?.notNull === true)) return false
    const partner = (column: string): string | undefined => key.parentColumns[key.columns.indexOf(column)]
    if (partner(tenant) !== parent.tenant) return false
    if (branch === null) return true
    return partner(branch) === (parent.table.name === branches.name ? branches.key : parent.branch)
  })
}
