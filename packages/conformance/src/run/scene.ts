import { WardkeepError } from "@wardkeep/core"
import { type Catalog, readCatalog } from "../catalog/catalog.js"
import { isTable, labelOf } from "../catalog/relation.js"
import { assignTenancy } from "../catalog/tenancy.js"
import { Actor } from "../database/actor.js"
import { Connection, databaseUrl } from "../database/connection.js"
import { Unanswered } from "../database/unanswered.js"
import type { Mode, VerifyOptions } from "../options.js"
import { Facts } from "../probe/facts.js"
import { holdsTenants } from "../probe/ground.js"
import { pairsOf } from "../probe/pair.js"
import { RightsBook } from "../probe/rights.js"
import { queryText } from "../sql-files.js"
import type { Target, TenantTarget } from "../target/schema.js"
import type { Scene } from "./check.js"
import { deriveTenancy } from "./derive.js"
import { findKeys, obstaclesOf, undecidedIn } from "./obstacles.js"
import { settleSchemas } from "./own-schemas.js"
import { tryTakingOver } from "./trust.js"

export interface OpenedScene {
  readonly scene: Scene
  /** Such as `18.4`. */
  readonly server: string
  /** Why the whole run can be no pass, and what to grant. */
  readonly obstacles: readonly string[]
  readonly notCovered: readonly string[]
  close(): Promise<void>
}

type SceneOptions = Omit<VerifyOptions, "target" | "mode"> & { readonly target: Target; readonly mode: Mode }

/** Connects, reads the catalog and prepares the tenants. Closes everything if that fails. */
export async function openScene(options: SceneOptions): Promise<OpenedScene> {
  const opened: Connection[] = []
  const close = async (): Promise<void> => void (await Promise.all(opened.map((connection) => connection.close())))
  const unanswered = new Unanswered()
  const open = async (url: URL): Promise<Connection> => {
    const connection = await Connection.open(url, unanswered)
    opened.push(connection)
    return connection
  }
  try {
    return { ...(await prepare(options, open, unanswered)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function prepare(
  options: SceneOptions,
  open: (url: URL) => Promise<Connection>,
  unanswered: Unanswered,
): Promise<Omit<OpenedScene, "close">> {
  const { target, mode } = options
  const admin = databaseUrl(options.databaseUrl, "--database-url")
  const app = appUrlOf(options, admin)
  const reader = await open(admin)
  const catalog = await readCatalog(reader, target.schemas)
  assignTenancy(catalog, target)
  const actors = await openActors(target, app, mode, open)
  const facts = new Facts(reader, unanswered)
  await findKeys(catalog, actors)
  if (mode !== "catalog") await settleSchemas(catalog, facts, reader, actors)
  const unseenRows = mode === "catalog" ? [] : await derived(catalog, actors, admin, unanswered)
  const version = await reader.rows(
    "select current_setting('server_version') as text, current_setting('server_version_num') as number",
  )
  const scene: Scene = {
    target,
    catalog,
    reader,
    actors,
    facts,
    unanswered,
    rights: new RightsBook(catalog),
    pairs: pairsOf(actors.filter(({ keys }) => keys.length > 0)),
    serverVersion: Number(version[0]?.number),
    logins: loginsOf(options, app, actors),
    urlOf: ({ tenant }) => urlOf(tenant, app),
    freshSession: async ({ tenant }, parameters = {}) => {
      const url = urlOf(tenant, app)
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      return await Connection.open(url, unanswered)
    },
    step: () => undefined,
  }
  const obstacles = [...undecidedIn(target), ...(mode === "catalog" ? [] : await obstaclesOf(scene))]
  const stuck = mode === "catalog" ? [] : await tryTakingOver(scene)
  const unseen = unanswered.take().map(({ why }) => `an attempt to see what there is was not answered: ${why}`)
  return {
    scene,
    server: String(version[0]?.text),
    obstacles: [...obstacles, ...unseen],
    notCovered: [
      ...stuck,
      ...unseenRows,
      ...(mode === "catalog" ? [] : cutsOf(catalog, actors)),
      ...(await readableElsewhere(scene)),
      ...notCoveredBy(catalog, mode),
    ],
  }
}

/** On a session of its own: that there was no time to look is said in the report, and keeps nothing from being decided. */
async function derived(
  catalog: Catalog,
  actors: readonly Actor[],
  admin: URL,
  unanswered: Unanswered,
): Promise<string[]> {
  const connection = await Connection.open(admin)
  try {
    return await deriveTenancy(catalog, new Facts(connection, unanswered), actors)
  } finally {
    await connection.close()
  }
}

/** Without the application's URL, catalog mode knows those only that the target names: the administrator is not one of them. */
function loginsOf({ appUrl, mode, target }: SceneOptions, app: URL, actors: readonly Actor[]): string[] {
  const named = target.tenants.flatMap(({ connect }) => connect.user ?? [])
  const own = mode === "catalog" && appUrl === undefined ? [] : [decodeURIComponent(app.username)]
  return [...new Set([...own, ...named, ...actors.map(({ login }) => login)])]
}

function appUrlOf({ appUrl, mode }: SceneOptions, admin: URL): URL {
  if (appUrl !== undefined) return databaseUrl(appUrl, "--app-url")
  if (mode === "catalog") return admin
  throw new WardkeepError("WK009", {
    message: "no application login was named",
    hint: "Give --app-url with the login that the application itself uses, or --mode catalog.",
  })
}

/** One session per login; tenants that share a login share it. */
async function openActors(
  target: Target,
  app: URL,
  mode: Mode,
  open: (url: URL) => Promise<Connection>,
): Promise<Actor[]> {
  if (mode === "catalog") return []
  const sessions = new Map<string, Promise<[Connection, Connection]>>()
  const actors: Actor[] = []
  for (const tenant of target.tenants) {
    const url = urlOf(tenant, app)
    const session = sessions.get(url.href) ?? Promise.all([open(url), open(url)])
    sessions.set(url.href, session)
    actors.push(new Actor(tenant, decodeURIComponent(url.username), ...(await session)))
  }
  return actors
}

function urlOf({ connect }: TenantTarget, app: URL): URL {
  const url = new URL(app)
  if (connect.user !== undefined && connect.user !== decodeURIComponent(app.username)) {
    url.username = encodeURIComponent(connect.user)
  }
  if (connect.password !== undefined) url.password = encodeURIComponent(connect.password)
  return url
}

/** What is left out because there is much of it. */
function cutsOf({ relations }: Catalog, actors: readonly Actor[]): string[] {
  const tables = relations.filter(holdsTenants).length
  const alike = actors.flatMap((one, place) =>
    actors
      .slice(place + 1)
      .filter(({ keys }) => keys.some((key) => one.keys.includes(key)))
      .map(({ name }) => `${one.name} and ${name}`),
  )
  return [
    ...(actors.length > 4
      ? ["Of more than four tenants each was tried against the one before and the one after."]
      : []),
    ...(alike.length > 0 ? [`Tenants that share a key were not tried against each other: ${alike.join(", ")}.`] : []),
    ...(tables > 40 ? [`Of ${tables} tables WKC043 read the first 40, and WKC033 and WKC048 the first 60.`] : []),
  ]
}

/** Relations that the application may read and that no check looks at. */
async function readableElsewhere({ reader, target, logins }: Scene): Promise<string[]> {
  if (target.schemas.length === 0) return []
  const roles = [...logins, ...target.tenants.flatMap(({ connect }) => connect.role ?? [])]
  const rows = await reader.rowsInTime(queryText("readable-elsewhere.sql"), [[...target.schemas], roles])
  if (rows === undefined || rows.length === 0) return []
  const names = rows.map(({ label }) => String(label)).join(", ")
  return [`Outside the target's schemas, readable by the application and not looked at: ${names}.`]
}

function notCoveredBy(catalog: Catalog, mode: Mode): string[] {
  const unknown = catalog.relations.filter((relation) => isTable(relation) && relation.tenancy.by === "nothing")
  const global = catalog.relations.filter(({ tenancy }) => tenancy.by === "global")
  // All of them: whoever reads the report must be able to find any table in it.
  const list = (relations: readonly { schema: string; name: string }[]): string => relations.map(labelOf).join(", ")
  return [
    ...(mode === "catalog" ? ["Nothing was tried: catalog mode reads definitions only."] : []),
    ...(unknown.length > 0
      ? [
          `Tables without a tenant column or a parent with one, of which only copies of other tables' rows were looked for: ${list(unknown)}.`,
        ]
      : []),
    ...(global.length > 0 ? [`Declared global, so that every tenant may read them: ${list(global)}.`] : []),
    "What PostgreSQL itself discloses: planner statistics, table sizes, sequences, timing, and statements of the same login in pg_stat_activity; what EXPLAIN and timing told is measured under WKC095, where it could be.",
    "The application's own code and its pool: only what its login can do through the application's URL was tried.",
  ]
}
