import { type Actor, type Policy, roleNames, WardkeepError } from "@wardkeep/core"
import { compileMatrix } from "@wardkeep/permissions"
import { asOwner, currentStrategy, type Queryable } from "@wardkeep/postgres/migrate"
import { withClient } from "../../../connection/connect.js"
import { type Connection, withInstalled } from "../../../connection/owner.js"
import { readTables, type TableFacts, tenantKeyOf, typesOf } from "../catalog.js"
import { readPurposeBits } from "../consent.js"
import { attack, type CaseResult } from "./attack.js"
import { type Planned, type Standing, standingKey, type Verdict } from "./attempts.js"
import type { World } from "./choose.js"
import { choosePlaces, type Places, type Wanted } from "./places.js"
import { planAttempts } from "./plan.js"
import { readSamples } from "./rows.js"
import { script } from "./script.js"
import { databaseRole, openTokens } from "./tokens.js"

export interface MatrixTestsOptions extends Wanted {
  readonly policy: Policy
  /** The migrator's login: reads rows, and mints the tokens of the attempts. */
  readonly connection: Connection
  /** The application's login: makes every attempt. */
  readonly appUrl: string | undefined
  /** Rows of a table that are looked at in each place. Default 200. */
  readonly rows?: number
}

export interface MatrixTests {
  readonly verdict: Verdict
  readonly at: string
  readonly server: string
  readonly places: Places
  readonly counts: { readonly passed: number; readonly failed: number; readonly inconclusive: number }
  readonly cases: readonly CaseResult[]
}

/**
 * Tries every cell of the policy file in the own branch, a sibling branch and another clinic, on rows that are there, with
 * the application's login. What it writes is rolled back; sequences move on. What could not be tried is INCONCLUSIVE.
 *
 * @throws WK002 not installed, or a table or branch is missing · WK003 the login is not the application's · WK005 · WK009 · WK307
 * @example const { verdict, cases } = await matrixTests({ policy, connection: { env }, appUrl: env.WARDKEEP_APP_URL })
 */
export async function matrixTests(options: MatrixTestsOptions): Promise<MatrixTests> {
  const { policy, connection, appUrl } = options
  const asApp = { databaseUrl: appUrl, env: connection.env, variables: ["WARDKEEP_APP_URL"] }
  return await withInstalled(connection, async (client) =>
    withClient(asApp, async (app) => {
      await requireApplication(app, policy)
      return await run(client, app, options)
    }),
  )
}

/**
 * The same attempts as a script for psql, which tries them itself. Of rows it holds keys, and whom its tokens are for: actors
 * and subjects that columns and assignments name. It connects as the migrator for the tokens and as the application for the attempts, and ends with an error when one did not pass.
 *
 * @throws WK002 not installed, or a table or branch is missing · WK005 · WK009 · WK307
 * @example await writeFile("matrix.sql", await matrixSql({ policy, connection: { env } }))
 */
export async function matrixSql(options: Omit<MatrixTestsOptions, "appUrl">): Promise<string> {
  const { policy, connection, rows = 200 } = options
  return await withInstalled(connection, async (client) => {
    const { world, insertable } = await readWorld(client, options, rows)
    return script(policy, world.places, planAttempts(world, insertable), await currentStrategy(client))
  })
}

/** An administrator would pass every test of what is allowed, and none of what is refused. */
async function requireApplication(app: Queryable, policy: Policy): Promise<void> {
  const { rows } = await app.query<{ login: string }>("select session_user::text as login")
  const wanted = roleNames(policy).app
  if (rows[0]?.login === wanted) return
  throw new WardkeepError("WK003", {
    message: `the attempts need the application's login ${wanted}, and this is another one`,
    hint: "Give its URL with --app-url or WARDKEEP_APP_URL.",
  })
}

async function run(client: Queryable, app: Queryable, options: MatrixTestsOptions): Promise<MatrixTests> {
  const { policy, rows: limit = 200 } = options
  const { world, server, insertable } = await readWorld(client, options, limit)
  const planned = planAttempts(world, insertable)
  const opened = await openTokens(client, policy, world.places, standingsOf(planned))
  let cases: CaseResult[]
  try {
    cases = await attack(app, planned, opened)
  } finally {
    await opened.close()
  }
  const count = (verdict: Verdict): number => cases.filter((one) => one.verdict === verdict).length
  const counts = { passed: count("PASSED"), failed: count("FAILED"), inconclusive: count("INCONCLUSIVE") }
  const verdict =
    counts.failed > 0 ? "FAILED" : counts.inconclusive > 0 || cases.length === 0 ? "INCONCLUSIVE" : "PASSED"
  const { places, now } = world
  return { verdict, at: now.toISOString(), server, places, counts, cases }
}

function standingsOf(planned: readonly Planned[]): Standing[] {
  const standings = planned.flatMap((one) => ("standing" in one ? [one.standing] : []))
  return [...new Map(standings.map((one) => [standingKey(one), one])).values()]
}

async function readWorld(client: Queryable, options: Omit<MatrixTestsOptions, "appUrl">, limit: number) {
  const { policy } = options
  const read = await asOwner(client, policy, async () => {
    const tables = await readTables(client, policy)
    const known = await client.query<{ tenant: string; branches: string[] }>(
      "select k.tenant, array_agg(k.branch order by k.branch) as branches from wardkeep.known_branch k group by 1 order by 1",
    )
    const clock = await client.query<{ now: Date; server: string }>(
      "select clock_timestamp() as now, current_setting('server_version') as server",
    )
    const { now = new Date(Number.NaN), server = "unknown" } = clock.rows[0] ?? {}
    const granted = await insertRights(client, policy, [...tables.values()])
    return { tables, known: known.rows, now, server, granted, bits: await readPurposeBits(client, policy) }
  })
  const { tables, now, server, granted, bits } = read
  const all = [...tables.values()]
  const places = await choosePlaces(client, policy, all, read.known, options)
  const samples = await readSamples(client, policy, all, places, limit)
  const groups = await asOwner(client, policy, async () => {
    const { rows } = await client.query<{ name: string; branches: string[] }>(
      "select g.name, g.branches from wardkeep.branch_group g where g.tenant = $1",
      [places.tenant],
    )
    return Object.fromEntries(rows.map(({ name, branches }) => [name, branches]))
  })
  const matrix = compileMatrix(policy, { columnTypes: typesOf(tables), tenantKey: tenantKeyOf(policy, tables) })
  const world: World = { policy, matrix, tables, places, samples, groups, bits, now }
  const insertable = (actor: Actor, table: string): readonly string[] =>
    granted.get(`${databaseRole(policy, actor)} ${table}`) ?? []
  return { world, server, insertable }
}

/** Which columns a copy of a row may name: more than the cell lists, because scope and defaults are granted with it. */
async function insertRights(
  client: Queryable,
  policy: Policy,
  tables: readonly TableFacts[],
): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ role: string; table: string; columns: string[] }>(
    `select r.rolname::text as role, n.nspname || '.' || c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       join pg_roles r on r.rolname = any ($1)
      where n.nspname || '.' || c.relname = any ($2) and has_column_privilege(r.oid, c.oid, a.attnum, 'INSERT')
      group by 1, 2`,
    [policy.actors.map((actor) => databaseRole(policy, actor)), tables.map(({ name }) => name)],
  )
  return new Map(rows.map(({ role, table, columns }) => [`${role} ${table}`, columns]))
}
