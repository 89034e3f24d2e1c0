import pg from "pg"
import type { SessionGrant } from "wardkeep"
import { errorText, type Outcome, refusalOf } from "./attempt.js"

/**
 * Somebody with the application's own login and password, a valid token, and any SQL: no client of ours in between, no
 * list of allowed statements. This is what an injection, or a stolen connection string, amounts to.
 */
export interface RawOptions {
  /** How many rows a statement may change: rows of the attacker's own. */
  readonly own?: number
  /** What it means when nothing refuses it. */
  readonly says?: string
  /** Undo at the end; otherwise it is committed, and the rows of others are compared afterwards. */
  readonly undo?: boolean
  /** Settings in the connection's start packet. */
  readonly startup?: string
  /** The connection or the token itself is what should be refused. Otherwise a refusal before the control is a fault of ours. */
  readonly atOnce?: boolean
  /** What the results tell without a row; undefined when nothing. */
  readonly discloses?: (texts: readonly string[]) => string | undefined
}

const changes = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"])

/** One transaction with the token in force: first a control that the attacker's own rows are there, then the statements. */
export async function rawSql(
  appUrl: string,
  grant: SessionGrant,
  statements: readonly string[],
  options: RawOptions = {},
): Promise<Outcome> {
  const client = new pg.Client({
    connectionString: appUrl,
    options: `-c search_path="$user",public ${options.startup ?? ""}`.trim(),
  })
  const seen: string[] = []
  client.on("error", (error) => seen.push(errorText(error)))
  client.on("notice", (notice) => seen.push(errorText(notice)))
  try {
    await client.connect()
    watchCopy(client, seen)
    await client.query("begin")
    await client.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [
      grant.dbRole,
      grant.token,
    ])
    const control = await client.query("select id from patient limit 1")
    if (control.rowCount !== 1) throw new Error("the control failed: the attacker does not even see rows of his own")
  } catch (error) {
    await client.end()
    if (options.atOnce !== true) throw error
    return { seen: [...seen, errorText(error)], refusal: refusalOf(error) }
  }
  try {
    return await attack(client, statements, options, seen)
  } finally {
    await client.query(options.undo === true ? "rollback" : "commit").catch(() => undefined)
    await client.end()
  }
}

async function attack(
  client: pg.Client,
  statements: readonly string[],
  options: RawOptions,
  seen: string[],
): Promise<Outcome> {
  let touched = 0
  let rows = 0
  try {
    for (const statement of statements) {
      const results = [await client.query(statement)].flat()
      for (const result of results) {
        seen.push(JSON.stringify(result.rows))
        rows = result.rowCount ?? 0
        if (changes.has(result.command)) touched += Math.max(0, rows - (options.own ?? 0))
      }
    }
  } catch (error) {
    return { seen: [...seen, errorText(error)], refusal: refusalOf(error), touched }
  }
  const disclosed = options.discloses?.(seen)
  const plain = rows === 0 ? "0 rows" : `${rows} ${rows === 1 ? "row" : "rows"}, nothing of another branch in them`
  return { seen, touched, note: options.says ?? plain, ...(disclosed === undefined ? {} : { disclosed }) }
}

/** COPY TO STDOUT answers outside the rows; pg only counts it. */
function watchCopy(client: pg.Client, seen: string[]): void {
  const connection: unknown = Reflect.get(client, "connection")
  if (!(connection instanceof Object) || !("on" in connection) || typeof connection.on !== "function") return
  connection.on("copyData", (message: { chunk: Buffer }) => seen.push(message.chunk.toString("utf8")))
}
