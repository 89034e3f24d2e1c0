import { mkdir, readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Policy, quoteIdent, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { readCatalog } from "../compile/catalog.js"
import type { ScopedTable } from "../compile/scope.js"
import { list, qualified } from "../compile/step.js"
import { inTransaction } from "../database/in-transaction.js"
import { writeFileOfParts } from "./export-file.js"
import {
  type ExportedTable,
  type ExportManifest,
  exportedColumns,
  exportOrder,
  manifestFile,
} from "./export-manifest.js"
import { exportRecords, hasLedger, tablesLeftOut } from "./export-records.js"
import { maintenance } from "./maintenance.js"
import { asOwner } from "./owner.js"
import { closeOwnerContext, enterOwnerContext, openOwnerContext } from "./owner-context.js"

export interface ExportOptions {
  /** A dedicated connection of the migrator's login: it reads, in one snapshot. */
  readonly client: pg.Client
  /** A second one: it counts under a short exclusive lock while the snapshot is taken. */
  readonly counter: pg.Client
  readonly policy: Policy
  /** An empty or missing directory. */
  readonly directory: string
  readonly reason: string
  readonly lockTimeout?: number
}

/** Rows per tenant by table, as maintenance counted them. */
type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>

/**
 * A logical backup without an exempt reader: every covered table in COPY's text format, tenant by tenant under recorded
 * contexts, all from one snapshot. The number of rows is proven against a count that maintenance took of the same
 * snapshot, so a row that belongs to no tenant fails the export instead of missing in it. Narrowings, assignments and
 * break-glass records are in it, and the consent ledger with its notices; sessions, signing keys, activity,
 * agreements to figures over clinics and the audit log are not, and the manifest names them as `leftOut`. Word tables and look-ups are made again by the restore.
 *
 * @throws WK307 the directory is not empty, or rows were counted that no tenant's context shows
 * @example await exportTenants({ client, counter, policy, directory: "/backup/2026-11-24", reason: "nightly" })
 */
export async function exportTenants(options: ExportOptions): Promise<ExportManifest> {
  const { client, policy, directory } = options
  await emptyDirectory(directory)
  const startedAt = new Date().toISOString()
  return await asOwner(client, policy, async () => {
    const catalog = await readCatalog(client, policy)
    const { tables, notCovered } = exportOrder(policy, catalog)
    const read = async (): Promise<ExportManifest> => {
      const counts = await countWhileNobodyWrites(options, tables)
      const tenants = await tenantTokens(options)
      const exported: ExportedTable[] = []
      for (const [index, entry] of tables.entries()) {
        const file = `${String(index).padStart(4, "0")}-${entry.table.name}.copy`
        exported.push(await exportTable(client, entry, { file, directory, tenants, counts }))
      }
      const records = await exportRecords(client, directory)
      const groups = await client.query<ExportManifest["branchGroups"][number]>(
        "select tenant, name, branches from wardkeep.branch_group order by tenant, name",
      )
      for (const token of tenants.values()) await closeOwnerContext(client, token)
      return {
        format: "wardkeep-export-3",
        serverVersion: catalog.serverVersion,
        startedAt,
        tables: exported,
        records,
        ledger: await hasLedger(client),
        notCovered,
        leftOut: await tablesLeftOut(client),
        branchGroups: groups.rows,
      }
    }
    const manifest = await inTransaction(client, read, "begin isolation level repeatable read")
    await writeFile(join(directory, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 })
    return manifest
  })
}

/**
 * The counter holds exclusive locks on all tables at once: nobody is half-way through a write then, so the reader's
 * snapshot, taken at that moment, holds exactly the rows that are counted.
 */
async function countWhileNobodyWrites(options: ExportOptions, tables: readonly ScopedTable[]): Promise<Counts> {
  const { client, counter, policy, reason } = options
  const locked = tables.filter((entry) => entry.tenant !== null).map((entry) => entry.table.name)
  const lockTimeout = options.lockTimeout === undefined ? {} : { lockTimeout: options.lockTimeout }
  return await maintenance({ client: counter, policy, tables: locked, reason, ...lockTimeout }, async (q) => {
    for (const entry of tables.filter((candidate) => candidate.tenant === null))
      await q.query(`lock table ${qualified(entry.table.name)} in share mode`)
    await client.query("select pg_current_snapshot()")
    const counts = new Map<string, Map<string, number>>()
    for (const entry of tables) {
      const tenant = entry.tenant === null ? "''" : `${quoteIdent(entry.tenant.column)}::text`
      const { rows } = await q.query<{ tenant: string | null; n: string }>(
        `select ${tenant} as tenant, count(*) as n from ${qualified(entry.table.name)} group by 1 order by 1`,
      )
      counts.set(entry.table.name, new Map(rows.map((row) => [row.tenant ?? "", Number(row.n)])))
    }
    return counts
  })
}

async function tenantTokens({ client, reason }: ExportOptions): Promise<Map<string, string>> {
  const { rows } = await client.query<{ tenant: string }>("select list_tenants as tenant from wardkeep.list_tenants()")
  const tokens = new Map<string, string>()
  for (const { tenant } of rows) tokens.set(tenant, await openOwnerContext(client, tenant, reason))
  return tokens
}

interface TableTarget {
  readonly file: string
  readonly directory: string
  readonly tenants: ReadonlyMap<string, string>
  readonly counts: Counts
}

async function exportTable(client: pg.Client, entry: ScopedTable, target: TableTarget): Promise<ExportedTable> {
  const { file, directory, counts } = target
  const columns = exportedColumns(entry)
  const counted = counts.get(entry.table.name) ?? new Map<string, number>()
  const copy = `copy (select ${list(columns)} from ${qualified(entry.table.name)}) to stdout`
  const contexts: Iterable<readonly [string, string | null]> = entry.tenant === null ? [["", null]] : target.tenants
  const parts = [...contexts].map(([tenant, token]) => ({
    tenant,
    copy,
    enter: () => enterOwnerContext(client, token),
  }))
  const written = await writeFileOfParts(client, { directory, file }, parts)
  const seen = [...written.rows].filter(([tenant, rows]) => rows > 0 || counted.has(tenant))
  const tenants = Object.fromEntries(seen)
  proveCounts(entry, counted, tenants)
  const rows = Object.values(tenants).reduce((sum, n) => sum + n, 0)
  const { sha256 } = written
  return { table: entry.table.name, file, columns, rows, sha256, tenants: entry.tenant === null ? {} : tenants }
}

function proveCounts(entry: ScopedTable, counted: ReadonlyMap<string, number>, seen: Record<string, number>): void {
  let missing = 0
  for (const [tenant, n] of counted) missing += Math.abs(n - (seen[tenant] ?? 0))
  if (missing === 0 && Object.keys(seen).every((tenant) => counted.has(tenant))) return
  throw new WardkeepError("WK307", {
    message: `${entry.table.name}: ${missing} rows were counted that no tenant's context shows; there is no export`,
    hint: "They belong to a tenant or branch that does not exist, or to a shared identity without a link. Correct them in maintenance.",
  })
}

async function emptyDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if ((await readdir(directory)).length > 0)
    throw new WardkeepError("WK307", { message: "the directory of an export must be empty" })
}
