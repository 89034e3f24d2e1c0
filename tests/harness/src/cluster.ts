import { randomBytes } from "node:crypto"
import { createDatabase, type DatabaseOptions, type TestDatabase, templateDatabase } from "./database.ts"
import type { ServerOptions } from "./embedded.ts"
import { type Leg, legFromEnvironment } from "./leg.ts"
import { createLogin, type Login, type LoginOptions } from "./login.ts"
import { type ClusterData, openServer } from "./source.ts"
import { ident, urlFor, withClient } from "./sql.ts"

export interface ClusterOptions extends ServerOptions {
  readonly leg?: Leg
}

export interface Cluster extends ClusterData {
  /** For asserting only: what the product does runs as `limitedAdmin` or as its own logins. */
  readonly admin: string
  url(login: { user: string; password: string }, database?: string): string
  /** An administrator as managed services give it: CREATEROLE and CREATEDB, nothing more. */
  limitedAdmin(): Promise<Login>
  /** A login of the cluster, with a name nobody else has. */
  login(options?: LoginOptions): Promise<Login>
  database(name?: string, options?: DatabaseOptions): Promise<TestDatabase>
  /** Built once per cluster by whoever asks first, also across processes; returns its name. */
  template(name: string, build: (adminUrl: string) => Promise<void>): Promise<string>
}

export interface OwnCluster extends Cluster {
  stop(): Promise<void>
}

export async function startCluster(options: ClusterOptions = {}): Promise<OwnCluster> {
  const server = await openServer(options.leg ?? legFromEnvironment(), options)
  return {
    ...attachCluster(server.data),
    async stop() {
      if (server.data.source === "url") await sweep(server.data)
      await server.stop()
    },
  }
}

/** A cluster that another process started. */
export function attachCluster(data: ClusterData): Cluster {
  return {
    ...data,
    url: (login, database = "postgres") => urlFor(data.admin, database, login),
    limitedAdmin: () => createLogin(data, limited),
    login: (options) => createLogin(data, options),
    database: (name, options) => createDatabase(data, databaseName(data, name), options),
    template: (name, build) => templateDatabase(data, name, build),
  }
}

const limited: LoginOptions = {
  label: "limited_admin",
  attributes: "createrole createdb nosuperuser nobypassrls noreplication",
}

/** On a server of the user's a name of ours could be taken, and the prefix is what `sweep` finds it by. */
function databaseName({ prefix, source }: ClusterData, name: string | undefined): string {
  if (name === undefined) return `${prefix}${randomBytes(4).toString("hex")}`
  return source === "url" ? `${prefix}${name}` : name
}

/** A server of the user's outlives us: take back what carries our prefix. */
async function sweep({ admin, prefix }: ClusterData): Promise<void> {
  await withClient(admin, async (client) => {
    const names = async (sql: string) => (await client.query<{ name: string }>(sql, [prefix])).rows
    const databases = await names("select datname as name from pg_database where starts_with(datname, $1)")
    for (const { name } of databases) await client.query(`drop database ${ident(name)} with (force)`)
    const roles = await names("select rolname as name from pg_roles where starts_with(rolname, $1)")
    for (const { name } of roles) await client.query(`drop role ${ident(name)}`)
  })
}
