import { randomBytes } from "node:crypto"
import { Client } from "pg"
import type { Cluster } from "../../harness/src/cluster.ts"
import { copying } from "../../harness/src/database.ts"
import { ident, literal, urlFor } from "../../harness/src/sql.ts"
import type { System } from "./system.ts"

/** A system in a database of its own. */
export interface Installed {
  readonly system: System
  readonly adminUrl: string
  /** The superuser's connection that loaded it, for arranging and asserting. */
  readonly admin: Client
  /** As one of the system's logins. All have one password, so that a tool given one URL can log in as the others. */
  url(user: string): string
  remove(): Promise<void>
}

/** Makes and removes databases over one connection; a hundred systems are a hundred databases. */
export class Workshop {
  readonly #cluster: Cluster
  readonly #server: Client
  #last: Promise<unknown> = Promise.resolve()

  private constructor(cluster: Cluster, server: Client) {
    this.#cluster = cluster
    this.#server = server
  }

  static async open(cluster: Cluster): Promise<Workshop> {
    return new Workshop(cluster, await connect(cluster.admin))
  }

  async install(system: System): Promise<Installed> {
    const name = `${this.#cluster.prefix}${system.kind}_${randomBytes(4).toString("hex")}`
    await this.#inTurn(`create database ${ident(name)} template template0 ${copying(this.#cluster)}`)
    const adminUrl = urlFor(this.#cluster.admin, name)
    const admin = await connect(adminUrl)
    const remove = () => this.#remove(system, name, admin)
    try {
      const password = await load(admin, system)
      const url = (user: string) => urlFor(adminUrl, name, { user, password })
      return { system, adminUrl, admin, url, remove }
    } catch (error) {
      await remove()
      throw new Error(`${system.kind}/${system.slug} cannot be loaded: ${describe(error, system.schemaSql)}`)
    }
  }

  async close(): Promise<void> {
    await this.#server.end()
  }

  #inTurn(statement: string): Promise<unknown> {
    const mine = this.#last.then(() => this.#server.query(statement))
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #remove(system: System, database: string, admin: Client): Promise<void> {
    await admin.end()
    await this.#inTurn(`drop database ${ident(database)} with (force)`)
    // Our own servers end with their roles; a server of somebody else's gets its own back.
    if (this.#cluster.source !== "url") return
    for (const role of rolesOf(system)) await this.#inTurn(`drop role if exists ${ident(role)}`)
  }
}

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString })
  // A server that is stopped under us reports it here as well as in the query.
  client.on("error", () => undefined)
  await client.connect()
  return client
}

/** Resolves with the password of all its logins that have none of their own. */
async function load(admin: Client, system: System): Promise<string> {
  const password = randomBytes(12).toString("base64url")
  await admin.query(system.schemaSql)
  const { rows } = await admin.query<{ name: string }>(
    "select rolname as name from pg_authid where rolcanlogin and rolpassword is null and rolname = any($1)",
    [rolesOf(system)],
  )
  const passwords = rows.map(({ name }) => `alter role ${ident(name)} password ${literal(password)}`)
  await admin.query(passwords.join("; "))
  return password
}

/** Roles belong to the whole server, so no two systems may make the same one. */
export function rolesOf({ schemaSql }: System): string[] {
  return [...schemaSql.matchAll(/^\s*create role (?:"([^"]+)"|(\w+))/gm)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  )
}

function describe(error: unknown, sql: string): string {
  if (!(error instanceof Error)) return String(error)
  const at = "position" in error ? Number(error.position) : Number.NaN
  return Number.isNaN(at) ? error.message : `${error.message}, line ${sql.slice(0, at).split("\n").length}`
}
