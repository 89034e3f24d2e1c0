import { randomUUID } from "node:crypto"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { type Policy, quoteIdent, splitName, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { from as copyFrom } from "pg-copy-streams"
import { qualified } from "../compile/step.js"
import { inTransaction } from "../database/in-transaction.js"
import { copyText, type LoadColumn, loadColumns } from "./copy-text.js"
import { asOwner } from "./owner.js"
import { closeOwnerContext, enterOwnerContext, openOwnerContext } from "./owner-context.js"

export interface LoadOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: pg.Client
  readonly policy: Policy
  readonly table: string
  /** The columns of a row, in order; the tenant column must be among them. */
  readonly columns: readonly string[]
  readonly rows: Iterable<readonly unknown[]> | AsyncIterable<readonly unknown[]>
  readonly reason: string
}

export interface LoadResult {
  readonly rows: number
  readonly tenants: number
}

/**
 * Bulk load without an exemption: COPY into a staging table (COPY FROM is not supported under row-level security), then
 * one INSERT … SELECT per tenant under its own context, all in one transaction, with the counts proven equal.
 *
 * Values are given as to a query of `pg`: bytes for bytea, arrays for arrays, plain objects for JSON, Dates, bigints.
 *
 * @throws WK307 no tenant column, a tenant nobody knows, a row that landed in no tenant, or a value that no column could
 *   give back as it was given; nothing is kept then
 * @example await load({ client, policy, table: "patient", columns: ["clinic_id", "branch_id", "full_name"], rows, reason: "import" })
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { client, rows } = options
  return await loadStaged(options, async (copy, staging) =>
    copyRows(client, copy, await loadColumns(client, staging), rows),
  )
}

/**
 * The same for whoever feeds COPY: `fill` runs the given COPY … FROM STDIN into the staging table and returns how many
 * rows went in.
 *
 * @throws WK307 as `load`
 */
export async function loadStaged(
  options: Omit<LoadOptions, "rows">,
  fill: (copy: string, staging: string) => Promise<number>,
): Promise<LoadResult> {
  const { client, policy, reason } = options
  const { schema, name } = splitName(options.table, policy.schema)
  const target = qualified(`${schema}.${name}`)
  const tenantColumn = `${schema}.${name}` === policy.tenancy.tenant ? undefined : policy.tenancy.columns.tenant
  if (tenantColumn === undefined || !options.columns.includes(tenantColumn)) {
    throw new WardkeepError("WK307", {
      message: `load needs the column ${policy.tenancy.columns.tenant} to know where each row belongs`,
    })
  }
  const columns = options.columns.map(quoteIdent).join(", ")
  const staging = quoteIdent(`wk_load_${randomUUID().slice(0, 8)}`)
  const staged = async (): Promise<LoadResult> => {
    await client.query(`create unlogged table wardkeep.${staging} as select ${columns} from ${target} with no data`)
    const rows = await fill(`copy wardkeep.${staging} (${columns}) from stdin`, `wardkeep.${staging}`)
    const result = await insertPerTenant(client, { target, staging, columns, tenantColumn, reason, rows })
    await client.query(`drop table wardkeep.${staging}`)
    await client.query(
      "select wardkeep.record('load', null, jsonb_build_object('table', $1::text, 'rows', $2::int, 'reason', $3::text))",
      [`${schema}.${name}`, rows, reason],
    )
    return result
  }
  return await asOwner(client, policy, () => inTransaction(client, staged))
}

interface Staged {
  readonly target: string
  readonly staging: string
  readonly columns: string
  readonly tenantColumn: string
  readonly reason: string
  readonly rows: number
}

async function insertPerTenant(client: pg.Client, staged: Staged): Promise<LoadResult> {
  const tenantColumn = quoteIdent(staged.tenantColumn)
  const { rows: groups } = await client.query<{ tenant: string | null; n: string }>(
    `select ${tenantColumn}::text as tenant, count(*) as n from wardkeep.${staged.staging} group by 1 order by 1`,
  )
  let inserted = 0
  for (const group of groups) {
    if (group.tenant === null)
      throw new WardkeepError("WK307", { message: `${group.n} rows have no tenant; nothing was loaded` })
    const token = await openOwnerContext(client, group.tenant, staged.reason)
    await enterOwnerContext(client, token)
    const { rowCount } = await client.query(
      `insert into ${staged.target} (${staged.columns}) overriding system value select ${staged.columns} from wardkeep.${staged.staging} where ${tenantColumn}::text = $1`,
      [group.tenant],
    )
    if (rowCount !== Number(group.n))
      throw new WardkeepError("WK307", {
        message: `${group.n} rows were staged for a tenant and ${rowCount} inserted; nothing was loaded`,
      })
    inserted += rowCount ?? 0
    await closeOwnerContext(client, token)
  }
  if (inserted !== staged.rows)
    throw new WardkeepError("WK307", {
      message: `${staged.rows} rows were read and ${inserted} inserted; nothing was loaded`,
    })
  return { rows: inserted, tenants: groups.length }
}

async function copyRows(
  client: pg.Client,
  sql: string,
  columns: readonly LoadColumn[],
  rows: LoadOptions["rows"],
): Promise<number> {
  let count = 0
  async function* text(): AsyncGenerator<string> {
    let chunk = ""
    for await (const row of rows) {
      chunk += `${copyText(row, columns)}\n`
      count++
      if (chunk.length < 65536) continue
      yield chunk
      chunk = ""
    }
    yield chunk
  }
  // A pipeline, because rows that throw must end the COPY too: the ROLLBACK would wait behind it for ever.
  await pipeline(Readable.from(text()), client.query(copyFrom(sql)))
  return count
}
