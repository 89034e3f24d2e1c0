import { randomBytes } from "node:crypto"
import { startEmbedded } from "@wardkeep/harness/embedded"
import type pg from "pg"
import { connected } from "../database/connected.js"

export interface DemoServer {
  readonly version: string
  readonly versionNumber: number
  readonly embedded: boolean
  /** The superuser in the demo's database: it arranges, and checks what really happened. */
  readonly superuserUrl: string
  /** The administrator who installs: CREATEROLE and CREATEDB, as managed services give it. */
  readonly adminUrl: string
  url(login: { user: string; password: string }): string
  stop(): Promise<void>
}

/** An embedded PostgreSQL of this process, or a database of its own on the server of WARDKEEP_DATABASE_URL. */
export async function openServer(): Promise<DemoServer> {
  const given = process.env.WARDKEEP_DATABASE_URL
  const server = given === undefined ? await startEmbedded() : undefined
  const root = given ?? server?.url ?? ""
  const suffix = randomBytes(3).toString("hex")
  const admin = { user: `wkdemo_admin_${suffix}`, password: randomBytes(18).toString("hex") }
  const database = `wkdemo_${suffix}`
  const stop = async (): Promise<void> => {
    if (server === undefined) await connected(root, (client) => sweep(client, database, admin.user))
    await server?.stop()
  }
  try {
    const { version, number } = await connected(root, (client) => prepare(client, admin))
    await connected(rewritten(root, admin), (client) => client.query(`create database ${database}`))
    return {
      version,
      versionNumber: number,
      embedded: server !== undefined,
      superuserUrl: rewritten(root, undefined, database),
      adminUrl: rewritten(root, admin, database),
      url: (login) => rewritten(root, login, database),
      stop,
    }
  } catch (error) {
    await server?.stop()
    throw error
  }
}

async function prepare(client: pg.Client, admin: { user: string; password: string }) {
  const { rows } = await client.query<{ version: string; number: string; super: boolean; taken: boolean }>(
    `select current_setting('server_version') as version, current_setting('server_version_num') as number,
            (select rolsuper from pg_roles where rolname = current_user) as super,
            exists (select from pg_roles where rolname = 'wk_demo_owner') as taken`,
  )
  const [found] = rows
  if (found?.super !== true) {
    throw new Error("WARDKEEP_DATABASE_URL must be a superuser's: the demo checks its own results around the fence")
  }
  if (found.taken)
    throw new Error("this server has the roles of a deployment 'demo' already: drop the wk_demo_* roles first")
  await client.query(
    `create role ${admin.user} login createrole createdb nosuperuser nobypassrls password '${admin.password}'`,
  )
  return { version: found.version.split(" ")[0] ?? "", number: Number(found.number) }
}

/** Roles belong to the whole server, so on somebody else's they are taken back. */
async function sweep(client: pg.Client, database: string, admin: string): Promise<void> {
  await client.query(`drop database if exists ${database} with (force)`)
  const { rows } = await client.query<{ name: string }>(
    "select quote_ident(rolname) as name from pg_roles where starts_with(rolname, 'wk_demo_')",
  )
  for (const { name } of rows) await client.query(`drop role ${name}`)
  await client.query(`drop role if exists ${admin}`)
}

function rewritten(root: string, login?: { user: string; password: string }, database?: string): string {
  const url = new URL(root)
  if (database !== undefined) url.pathname = `/${database}`
  if (login !== undefined) {
    url.username = login.user
    url.password = login.password
  }
  return url.href
}
