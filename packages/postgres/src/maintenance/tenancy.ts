import { type Policy, quoteIdent } from "@wardkeep/core"
import { readCatalog } from "../compile/catalog.js"
import { list, qualified } from "../compile/step.js"
import { type TenancyKeys, tenancyKeys } from "../compile/tenancy-keys.js"
import type { Queryable } from "../database/queryable.js"
import { maintenance } from "./maintenance.js"
import { asOwner } from "./owner.js"

type Row = Readonly<Record<string, unknown>>

export interface AddTenantOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  /** Columns of the tenant table; of an existing tenant, its key alone adds branches to it. */
  readonly tenant: Row
  /** Columns of the branch table, one entry per branch; the tenant column is filled in. */
  readonly branches?: readonly Row[]
  readonly reason: string
  readonly lockTimeout?: number
}

/** One of several tenants. */
export interface NewTenant {
  /** Columns of the tenant table. */
  readonly tenant: Row
  /** Columns of the branch table, one entry per branch; the tenant column is filled in. */
  readonly branches: readonly Row[]
}

export interface AddTenantsOptions extends Omit<AddTenantOptions, "tenant" | "branches"> {
  readonly tenants: readonly NewTenant[]
}

/** The keys as text, as assignments name them; branches in the order in which they were given. */
export interface AddedTenant {
  readonly tenant: string
  readonly branches: string[]
}

/**
 * A new tenant with its branches: no context can exist before they do, so they are inserted in maintenance. The next
 * session may be issued for them at once.
 *
 * @returns the keys as text, as assignments name them
 * @throws WK307 no reason, the tables were not free, or the login may not take the owner's role · WK002, WK007, WK008, WK303 the
 *   database does not fit the policy file · the server's error for rows it refuses; nothing is kept then
 * @example await addTenant({ client, policy, tenant: { name: "Asha Clinic" }, branches: [{ name: "Indiranagar" }], reason: "contract 12" })
 */
export async function addTenant(options: AddTenantOptions): Promise<AddedTenant> {
  const { tenant, branches = [] } = options
  return await adding(options, async (insertOne) => await insertOne({ tenant, branches }))
}

/**
 * Several tenants in one maintenance: the locks are taken once.
 *
 * @throws WK307, WK002, WK007, WK008, WK303 and the server's error, as {@link addTenant}; none is kept then
 * @example await addTenants({ client, policy, tenants: [{ tenant: { name: "Asha" }, branches: [] }], reason: "group 4" })
 */
export async function addTenants(options: AddTenantsOptions): Promise<AddedTenant[]> {
  return await adding(options, async (insertOne) => {
    const added: AddedTenant[] = []
    for (const each of options.tenants) added.push(await insertOne(each))
    return added
  })
}

async function adding<T>(
  { client, policy, reason, lockTimeout }: Omit<AddTenantsOptions, "tenants">,
  work: (insertOne: (given: NewTenant) => Promise<AddedTenant>) => Promise<T>,
): Promise<T> {
  const catalog = await asOwner(client, policy, () => readCatalog(client, policy))
  const keys = tenancyKeys(policy, catalog)
  const tables = [policy.tenancy.tenant, policy.tenancy.branch]
  const limit = lockTimeout === undefined ? {} : { lockTimeout }
  return await maintenance({ client, policy, tables, reason, ...limit }, (q) =>
    work((given) => insertTenant(q, policy, keys, given)),
  )
}

async function insertTenant(
  q: Queryable,
  policy: Policy,
  { tenantKey, branchKey }: TenancyKeys,
  given: NewTenant,
): Promise<AddedTenant> {
  const tenant =
    (await existing(q, policy, tenantKey, given.tenant)) ??
    (await insert(q, policy.tenancy.tenant, tenantKey, given.tenant))
  const branches: string[] = []
  for (const row of given.branches) {
    const placed = { ...row, [policy.tenancy.columns.tenant]: tenant }
    branches.push(await insert(q, policy.tenancy.branch, branchKey, placed))
  }
  return { tenant, branches }
}

async function existing(q: Queryable, policy: Policy, key: string, row: Row): Promise<string | undefined> {
  if (Object.keys(row).length !== 1 || row[key] === undefined) return undefined
  const sql = `select ${quoteIdent(key)}::text as key from ${qualified(policy.tenancy.tenant)} where ${quoteIdent(key)}::text = $1`
  return (await q.query<{ key: string }>(sql, [String(row[key])])).rows[0]?.key
}

async function insert(q: Queryable, table: string, key: string, row: Row): Promise<string> {
  const columns = Object.keys(row)
  const what =
    columns.length === 0
      ? "default values"
      : `(${list(columns)}) values (${columns.map((_, n) => `$${n + 1}`).join(", ")})`
  const { rows } = await q.query<{ key: string }>(
    `insert into ${qualified(table)} ${what} returning ${quoteIdent(key)}::text as key`,
    Object.values(row),
  )
  return rows[0]?.key ?? ""
}
