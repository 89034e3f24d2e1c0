import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import { isTable } from "../catalog/relation.js"
import type { Connection } from "../database/connection.js"
import { holdsTenants } from "../probe/ground.js"
import { checksFolder, queryText } from "../sql-files.js"
import type { CatalogCheck, Scene } from "./check.js"
import type { CheckRecord } from "./check-record.js"

const header = z.object({
  title: z.string(),
  severity: z.enum(["leak", "oracle", "hygiene"]),
  cwe: z.string().regex(/^CWE-\d+$/),
  cvss: z.string().startsWith("CVSS:3.1/"),
  proof: z.string().default(""),
})

/** Reads every `check.sql`; what it is stands in its first comment lines, as `-- name: value`. */
export function catalogChecks(): CatalogCheck[] {
  const folder = checksFolder()
  const names = readdirSync(folder).filter((name) => /^WKC\d{3}-/.test(name))
  return names.sort().flatMap((name) => {
    const text = readOptional(join(folder, name, "check.sql"))
    return text === undefined ? [] : [parse(name.slice(0, 6), text)]
  })
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

function parse(code: string, text: string): CatalogCheck {
  const lines = [...text.matchAll(/^-- (\w+): (.+)$/gm)].map(([, name, value]) => [name, value])
  const found = header.safeParse(Object.fromEntries(lines))
  if (!found.success) {
    throw new WardkeepError("WK901", { message: `${code}/check.sql: ${z.prettifyError(found.error)}` })
  }
  const { proof, ...info } = found.data
  return { code, ...info, sql: text, proof: proof.split(/[ ,]+/).filter((one) => one !== "") }
}

const row = z.object({
  object: z.string(),
  message: z.string(),
  evidence: z.string(),
  replay: z.string(),
  fix: z.string(),
  severity: z.enum(["leak", "oracle", "hygiene"]).nullish(),
})

/** Runs one catalog check; the prelude gives it `tenant_table`, `app_role` and `context_setting`. */
export async function runCatalogCheck(check: CatalogCheck, scene: Scene, record: CheckRecord): Promise<void> {
  const sql = `with ${queryText("prelude.sql")} select to_jsonb(q)::text as row from (${check.sql}) as q`
  const rows = await rowsOf(scene.reader, sql, preludeValues(scene))
  // Why is in the record of what was not answered.
  if (rows === undefined) return
  if (/\bapp_(role|login)\b/.test(check.sql) && !(await knowsLogin(scene))) record.inconclusive(noLogin(scene))
  record.probe()
  // The query itself is the evidence: it read every object there is.
  record.control()
  for (const json of rows) {
    const { severity, ...found } = row.parse(JSON.parse(json))
    record.found({ ...found, ...(severity !== null && severity !== undefined && { severity }) })
  }
}

const noLogin = ({ logins }: Scene): string =>
  logins.length === 0
    ? "what the application may do was not read: name its login, with --app-url or as user of the target's tenants"
    : `what the application may do was not read: the server has no role ${logins.join(", ")}`

/** A check that asks what the application may do has nothing to ask about without it. */
async function knowsLogin(scene: Scene): Promise<boolean> {
  const rows = await scene.reader.rowsInTime(
    "select from pg_catalog.pg_roles where rolname = any ($1::text[]) limit 1",
    [[...scene.logins]],
  )
  return rows !== undefined && rows.length > 0
}

async function rowsOf(connection: Connection, sql: string, values: readonly unknown[]): Promise<string[] | undefined> {
  const rows = await connection.rowsInTime(sql, values)
  return rows?.map((one) => String(one.row))
}

function preludeValues({ catalog, actors, logins, target }: Scene): unknown[] {
  const tables = catalog.relations
    .filter(isTable)
    .filter((relation) => holdsTenants(relation) && relation.tenancy.by !== "schema")
    .map(({ oid, tenancy }) => ({ oid, column: tenancy.by === "column" ? tenancy.column.name : null }))
  const roles = target.tenants.flatMap(({ connect }) => connect.role ?? [])
  const names = [...new Set(target.tenants.flatMap(({ connect }) => Object.keys(connect.settings)))]
  const settings = names.map((name) => ({
    name,
    values: [...new Set(target.tenants.flatMap(({ connect }) => connect.settings[name] ?? []))],
  }))
  const keys = [
    ...new Set([...target.tenants.flatMap(({ key }) => key ?? []), ...actors.flatMap((actor) => actor.keys)]),
  ]
  const schemas = [...new Set(catalog.relations.map(({ schema }) => schema))]
  const { global } = target
  return [JSON.stringify({ tables, logins, roles: [...new Set(roles)], settings, keys, schemas, global })]
}
