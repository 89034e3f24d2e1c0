import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { type Policy, quoteLiteral, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { from as copyFrom } from "pg-copy-streams"
import { list, qualified } from "../compile/step.js"
import type { Queryable } from "../database/queryable.js"
import { setBranchGroup } from "./branch-group.js"
import { type ExportedTable, type ExportManifest, readExportManifest } from "./export-manifest.js"
import { copyIntoRecords, giveConsentBack, keepRestricted, requireNoRecords } from "./export-records.js"
import { loadStaged } from "./load.js"
import { maintenance } from "./maintenance.js"

export interface RestoreOptions {
  /** A dedicated connection of the migrator's login, in a database where the policy is applied and the tables are empty. */
  readonly client: pg.Client
  readonly policy: Policy
  readonly directory: string
  readonly reason: string
}

export interface RestoreResult {
  readonly tables: number
  readonly rows: number
}

/**
 * Reads what `exportTenants` wrote into an installed, empty database: tenants and branches in maintenance, everything
 * else through `load`, so that no row goes around the fence. Counts are compared at the end. What tenants took from roles,
 * who is assigned what, and emergencies with their reviews come back as they were recorded, with the tenants. Support
 * sessions and referrals come back as a record only: none can be opened again. So does the consent ledger: objections before the first row, what was given with the last step.
 *
 * @throws WK307 the target has no place for the ledger, the tables are not empty, a file was changed, or the counts differ: start again with a fresh database
 * @example await restoreTenants({ client, policy, directory: "/backup/2026-11-24", reason: "drill" })
 */
export async function restoreTenants(options: RestoreOptions): Promise<RestoreResult> {
  const { client, policy, directory, reason } = options
  const manifest = await readExportManifest(directory)
  for (const table of [...manifest.tables, ...manifest.records]) await verifyFile(directory, table)
  const first = manifest.tables.filter((table) => isFirst(policy, table))
  const rest = manifest.tables.filter((table) => !first.includes(table))
  const covered = manifest.tables.map((table) => table.table)
  const copyRecord = (record: ExportedTable) => copyFile(client, directory, record, copyIntoRecords(record))
  await maintenance({ client, policy, tables: covered, reason }, async (q) => {
    for (const table of manifest.tables) await requireEmpty(q, table)
    await requireNoRecords(q, manifest)
    // Before the tenants, in one transaction with them: no session is issued without what was taken from its role.
    // An objection is there before the first row about whom it is of.
    for (const record of manifest.records) await copyRecord(record)
    await keepRestricted(q, manifest)
    // The clinic may have ended or withdrawn one after the export was made: what is on record stays, nothing of it can be opened.
    for (const table of ["wardkeep.support", "wardkeep.referral"])
      await q.query(`update ${table} set valid_until = least(valid_until, clock_timestamp()) where ended_at is null`)
    for (const table of first) await copyFile(client, directory, table, `copy ${target(table)} from stdin`)
    await q.query(
      "select wardkeep.record('restore', null, jsonb_build_object('records', $1::int, 'reason', $2::text))",
      [manifest.records.reduce((sum, record) => sum + record.rows, 0), reason],
    )
  })
  for (const table of rest) {
    const columns = table.columns
    const loaded = { client, policy, table: table.table, columns, reason }
    await loadStaged(loaded, (copy) => copyFile(client, directory, table, copy))
  }
  await maintenance({ client, policy, tables: covered, reason }, async (q) => {
    for (const table of manifest.tables) await proveTable(q, table)
    await giveConsentBack(q, manifest.records, copyRecord)
  })
  await restoreGroups(client, policy, manifest)
  return { tables: manifest.tables.length, rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0) }
}

/** Global tables have no tenant to load under; tenants and branches are what contexts are made from. */
function isFirst(policy: Policy, { table, tenants, rows }: ExportedTable): boolean {
  const global = rows > 0 && Object.keys(tenants).length === 0
  return global || rows === 0 || table === policy.tenancy.tenant || table === policy.tenancy.branch
}

async function verifyFile(directory: string, table: ExportedTable): Promise<void> {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(join(directory, table.file))) hash.update(chunk)
  if (hash.digest("hex") !== table.sha256)
    throw new WardkeepError("WK307", { message: `${table.file} is not the file that was exported` })
}

async function requireEmpty(q: Queryable, table: ExportedTable): Promise<void> {
  const { rows } = await q.query(`select from ${qualified(table.table)} limit 1`)
  if (rows.length > 0)
    throw new WardkeepError("WK307", { message: `${table.table} is not empty; a restore goes into a fresh database` })
}

/** COPY … FROM STDIN out of a file; the server says how many rows it read. */
async function copyFile(client: pg.Client, directory: string, table: ExportedTable, copy: string): Promise<number> {
  const into = client.query(copyFrom(copy))
  await pipeline(createReadStream(join(directory, table.file)), into)
  if (into.rowCount !== table.rows)
    throw new WardkeepError("WK307", {
      message: `${table.file} holds ${into.rowCount} rows, the export wrote ${table.rows}`,
    })
  return into.rowCount
}

function target(table: ExportedTable): string {
  return `${qualified(table.table)} (${list(table.columns)})`
}

async function proveTable(q: Queryable, table: ExportedTable): Promise<void> {
  const { rows } = await q.query<{ n: string }>(`select count(*) as n from ${qualified(table.table)}`)
  if (Number(rows[0]?.n) !== table.rows)
    throw new WardkeepError("WK307", { message: `${table.table} has ${rows[0]?.n} rows, the export had ${table.rows}` })
  const { rows: sequences } = await q.query<{ column: string; sequence: string }>(
    `select a.attname::text as column, pg_get_serial_sequence($1, a.attname) as sequence
       from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
        and pg_get_serial_sequence($1, a.attname) is not null`,
    [qualified(table.table)],
  )
  for (const { column, sequence } of sequences) {
    await q.query(
      `select setval(${quoteLiteral(sequence)}, m) from (select max(${list([column])}) as m from ${qualified(table.table)}) x where m is not null`,
    )
  }
}

async function restoreGroups(client: pg.Client, policy: Policy, manifest: ExportManifest): Promise<void> {
  for (const group of manifest.branchGroups) await setBranchGroup({ client, policy, ...group })
}
