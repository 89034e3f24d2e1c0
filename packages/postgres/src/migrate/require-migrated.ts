import { quoteIdent, WardkeepError } from "@wardkeep/core"
import { loadMigrationFiles } from "postgres-migrations"
import type { Queryable } from "../database/queryable.js"
import type { MigrationRun } from "./run-migrations.js"

/**
 * A plan of one version on the objects of another would undo what it does not know. A schema without migrations is left
 * to whoever misses its objects.
 *
 * @throws WK302 the schema was made by an older, a newer or another version
 */
export async function requireMigrated(client: Queryable, runs: readonly MigrationRun[]): Promise<void> {
  for (const { schema, directory } of runs) {
    const applied = await appliedMigrations(client, schema)
    if (applied === undefined) continue
    const shipped = await loadMigrationFiles(directory)
    const hashes = new Map(shipped.map(({ id, hash }) => [id, hash]))
    const missing = shipped.find(({ id }) => !applied.has(id))
    if (missing !== undefined)
      throw differs(`older than this version: ${missing.fileName} has not run`, schema, "Run `wardkeep migrate`.")
    const newest = Math.max(...applied.keys())
    if (!hashes.has(newest))
      throw differs(`newer than this version, which ends before migration ${newest}`, schema, "Upgrade the packages.")
    const other = shipped.find(({ id, hash }) => applied.get(id) !== hash)
    if (other !== undefined)
      throw differs(
        `made by another version: its ${other.fileName} had another content`,
        schema,
        "Use the version that made it. Before 1.0 no version upgrades another: load the rows into a database made anew.",
      )
  }
}

async function appliedMigrations(client: Queryable, schema: string): Promise<Map<number, string> | undefined> {
  const table = `${quoteIdent(schema)}.migrations`
  const { rows: found } = await client.query<{ there: boolean }>("select to_regclass($1) is not null as there", [table])
  if (found[0]?.there !== true) return undefined
  const { rows } = await client.query<{ id: number; hash: string }>(`select id, hash from ${table}`)
  return new Map(rows.map(({ id, hash }) => [id, hash]))
}

function differs(how: string, schema: string, hint: string): WardkeepError {
  return new WardkeepError("WK302", { message: `the schema ${schema} is ${how}`, hint })
}
