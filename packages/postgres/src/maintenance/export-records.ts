import { quoteIdent, quoteLiteral, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { list, qualified } from "../compile/step.js"
import type { Queryable } from "../database/queryable.js"
import { writeFileOfParts } from "./export-file.js"
import { type ExportedTable, type ExportManifest, ledgerTables, recordTables } from "./export-manifest.js"

/** Made again by `install`, by `apply` and by the rows of the tenants, or carried in the manifest. */
const madeAgain = [
  "wardkeep.policy_actor",
  "wardkeep.policy_purpose",
  "wardkeep.policy_rule",
  "wardkeep.policy_state",
  "wardkeep.known_tenant",
  "wardkeep.known_branch",
  "wardkeep.branch_group",
  "wardkeep.migrations",
  "wardkeep.turn",
  "wardkeep_consent.language",
  "wardkeep_consent.migrations",
]

/** Rows of a notice's words belong to the tenant of the notice. */
const ofTenant = (table: string): string =>
  table === "wardkeep_consent.notice_text"
    ? `${qualified(table)} r join wardkeep_consent.notice n on n.id = r.notice`
    : `${qualified(table)} r`
const tenantOf = (table: string): string => (table === "wardkeep_consent.notice_text" ? "n.tenant" : "r.tenant")

export async function hasLedger(client: Queryable): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('wardkeep_consent.reach') is not null as there",
  )
  return rows[0]?.there === true
}

/**
 * The records by tenant, also of tenants that are gone. No fence guards these tables: their owner reads them, and the
 * count comes from the same snapshot.
 */
export async function exportRecords(client: pg.Client, directory: string): Promise<ExportedTable[]> {
  const exported: ExportedTable[] = []
  for (const table of [...recordTables, ...((await hasLedger(client)) ? ledgerTables : [])]) {
    const columns = await recordColumns(client, table)
    const { rows: counts } = await client.query<{ tenant: string; n: string }>(
      `select ${tenantOf(table)} as tenant, count(*) as n from ${ofTenant(table)} group by 1 order by 1`,
    )
    const listed = columns.map((column) => `r.${quoteIdent(column)}`).join(", ")
    const parts = counts.map(({ tenant }) => ({
      tenant,
      copy: `copy (select ${listed} from ${ofTenant(table)} where ${tenantOf(table)} = ${quoteLiteral(tenant)}) to stdout`,
    }))
    const file = `${table}.copy`
    const written = await writeFileOfParts(client, { directory, file }, parts)
    const short = counts.find(({ tenant, n }) => written.rows.get(tenant) !== Number(n))
    if (short !== undefined)
      throw new WardkeepError("WK307", {
        message: `${table}: not every record of a tenant was read; there is no export`,
      })
    const tenants = Object.fromEntries(written.rows)
    const rows = Object.values(tenants).reduce((sum, n) => sum + n, 0)
    exported.push({ table, file, columns, rows, sha256: written.sha256, tenants })
  }
  return exported
}

async function recordColumns(client: Queryable, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select attname::text as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [qualified(table)],
  )
  return rows.map(({ name }) => name)
}

/**
 * Tables of Wardkeep itself that an export neither carries nor can do without loss of history. Asked of the catalog, so
 * that a table which is added one day is named and not forgotten.
 */
export async function tablesLeftOut(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('wardkeep', 'wardkeep_audit', 'wardkeep_consent')
        and n.nspname || '.' || c.relname <> all ($1) order by 1`,
    [[...recordTables, ...ledgerTables, ...madeAgain]],
  )
  return rows.map(({ name }) => name)
}

/** @throws WK307 a record table of the target is not empty, or it has no place for the ledger of the export */
export async function requireNoRecords(client: Queryable, { ledger }: ExportManifest): Promise<void> {
  const there = await hasLedger(client)
  if (ledger && !there)
    throw new WardkeepError("WK307", {
      message: "the export holds a consent ledger, and this database has no place for it",
      hint: "Run `wardkeep migrate --consent`, apply the policy, and restore again; nothing was restored.",
    })
  for (const table of [...recordTables, ...(there ? ledgerTables : [])]) {
    const { rows } = await client.query(`select from ${qualified(table)} limit 1`)
    if (rows.length > 0)
      throw new WardkeepError("WK307", { message: `${table} is not empty; a restore goes into a fresh database` })
  }
}

export function copyIntoRecords({ table, columns }: ExportedTable): string {
  return `copy ${qualified(table)} (${list(columns)}) from stdin`
}

/** A person who is inserted is nobody else here: of whom an erasure was decided nobody sees a row meanwhile either. */
export async function keepRestricted(client: Queryable, { ledger }: ExportManifest): Promise<void> {
  if (ledger) await client.query("update wardkeep_consent.reach set since = last_at where restricted")
}

const derived = (table: string): boolean => table.endsWith(".standing") || table.endsWith(".reach")

/**
 * The ledger came before the people, so that an objection held from the first row on. A person who is inserted inherits no
 * consent of an older person of that key, so consent is given back here, and compared with every row.
 */
export async function giveConsentBack(
  client: Queryable,
  records: readonly ExportedTable[],
  copy: (record: ExportedTable) => Promise<unknown>,
): Promise<void> {
  const ledger = records.filter(({ table }) => derived(table))
  for (const record of ledger) {
    await client.query(`delete from ${qualified(record.table)}`)
    await copy(record)
  }
  const { rows } = await client.query<{ held: boolean }>(
    "select to_regprocedure('wardkeep_consent.refresh_all()') is not null as held",
  )
  if (ledger.length > 0 && rows[0]?.held === true) await client.query("select wardkeep_consent.refresh_all()")
}
