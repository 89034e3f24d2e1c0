import { randomBytes } from "node:crypto"
import type { Cluster } from "../../harness/src/cluster.ts"
import { ident, literal, retrying, withClient } from "../../harness/src/sql.ts"
import type { System } from "./system.ts"

/** A system in a database of its own. */
export interface Installed {
  readonly system: System
  readonly adminUrl: string
  /** As one of the system's logins. All have one password, so that a tool given one URL can log in as the others. */
  url(user: string): string
  /** Drops the database and the roles that the system made. */
  remove(): Promise<void>
}

export async function install(cluster: Cluster, system: System): Promise<Installed> {
  const before = await roleNames(cluster.admin)
  const database = await cluster.database()
  const password = randomBytes(12).toString("base64url")
  const made = async () => (await roleNames(cluster.admin)).filter((name) => !before.includes(name))
  const remove = async () => {
    await database.drop()
    for (const role of await made()) await dropRole(cluster.admin, role)
  }
  try {
    await withClient(database.adminUrl, async (admin) => {
      await admin.query(system.schemaSql)
      const { rows } = await admin.query<{ name: string }>(
        "select rolname as name from pg_authid where rolcanlogin and rolpassword is null and not (rolname = any($1))",
        [before],
      )
      for (const { name } of rows) await admin.query(`alter role ${ident(name)} password ${literal(password)}`)
      await admin.query("analyze")
    })
  } catch (error) {
    await remove()
    throw new Error(`${system.kind}/${system.slug} cannot be loaded: ${describe(error)}`)
  }
  return { system, adminUrl: database.adminUrl, url: (user) => database.url({ user, password }), remove }
}

async function roleNames(admin: string): Promise<string[]> {
  return await withClient(admin, async (client) => {
    const { rows } = await client.query<{ name: string }>("select rolname as name from pg_roles")
    return rows.map(({ name }) => name)
  })
}

async function dropRole(admin: string, role: string): Promise<void> {
  await retrying(() => withClient(admin, (client) => client.query(`drop role ${ident(role)}`)))
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const position = "position" in error && error.position !== undefined ? ` at character ${error.position}` : ""
  return `${error.message}${position}`
}
