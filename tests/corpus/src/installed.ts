import { randomBytes } from "node:crypto"
import { Client } from "pg"
import type { Cluster } from "../../harness/src/cluster.ts"
import { ident, literal, withClient } from "../../harness/src/sql.ts"
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

export async function install(cluster: Cluster, system: System): Promise<Installed> {
  const database = await cluster.database()
  const password = randomBytes(12).toString("base64url")
  const admin = new Client({ connectionString: database.adminUrl })
  // A server that is stopped under us reports it here as well as in the query.
  admin.on("error", () => undefined)
  const remove = async () => {
    await admin.end()
    await database.drop()
    // Our own servers end with their roles; a server of somebody else's gets its own back.
    if (cluster.source === "url") await dropRoles(cluster.admin, system)
  }
  try {
    await admin.connect()
    await admin.query(system.schemaSql)
    const logins = rolesOf(system).map(
      (role) => `
      if exists (select from pg_authid where rolname = ${literal(role)} and rolcanlogin and rolpassword is null) then
        alter role ${ident(role)} password ${literal(password)};
      end if;`,
    )
    await admin.query(`do $logins$ begin ${logins.join("")} end $logins$`)
  } catch (error) {
    await remove()
    throw new Error(`${system.kind}/${system.slug} cannot be loaded: ${describe(error, system.schemaSql)}`)
  }
  return { system, adminUrl: database.adminUrl, admin, url: (user) => database.url({ user, password }), remove }
}

/** Roles belong to the whole server, so no two systems may make the same one. */
export function rolesOf({ schemaSql }: System): string[] {
  return [...schemaSql.matchAll(/^\s*create role (?:"([^"]+)"|(\w+))/gm)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  )
}

async function dropRoles(adminUrl: string, system: System): Promise<void> {
  await withClient(adminUrl, async (admin) => {
    for (const role of rolesOf(system)) await admin.query(`drop role if exists ${ident(role)}`)
  })
}

function describe(error: unknown, sql: string): string {
  if (!(error instanceof Error)) return String(error)
  const at = "position" in error ? Number(error.position) : Number.NaN
  return Number.isNaN(at) ? error.message : `${error.message}, line ${sql.slice(0, at).split("\n").length}`
}
