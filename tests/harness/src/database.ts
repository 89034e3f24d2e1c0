import { createHash } from "node:crypto"
import { copyDatabaseProperties } from "./database-properties.ts"
import type { ClusterData } from "./source.ts"
import { ident, retrying, urlFor, withClient } from "./sql.ts"

export interface DatabaseOptions {
  readonly template?: string
  /** A role; default is the cluster's superuser. */
  readonly owner?: string
}

export interface TestDatabase {
  readonly name: string
  readonly adminUrl: string
  url(login: { user: string; password: string }): string
  drop(): Promise<void>
}

/**
 * `create database … template` copies neither the database's privileges nor its settings: a REVOKE TEMP
 * is gone in every clone. Both are copied here and the privileges read back.
 */
export async function createDatabase(
  data: ClusterData,
  name: string,
  { template, owner }: DatabaseOptions = {},
): Promise<TestDatabase> {
  const { admin } = data
  await withClient(admin, async (client) => {
    const source = template === undefined ? "template template0" : `template ${ident(template)}`
    const owned = owner === undefined ? "" : `owner ${ident(owner)}`
    await retrying(() => client.query(`create database ${ident(name)} ${source} ${owned} ${copying(data)}`))
    if (template !== undefined) await copyDatabaseProperties(client, template, name)
  })
  return {
    name,
    adminUrl: urlFor(admin, name),
    url: (login) => urlFor(admin, name, login),
    drop: () => dropDatabase(admin, name),
  }
}

/** Half the time on a server that does not sync: the default since 15 writes every page to the log as well. */
export const copying = ({ source, serverVersionNum }: ClusterData): string =>
  source === "embedded" && serverVersionNum >= 15_00_00 ? "strategy file_copy" : ""

async function dropDatabase(admin: string, name: string): Promise<void> {
  await withClient(admin, (client) => client.query(`drop database if exists ${ident(name)} with (force)`))
}

export async function templateDatabase(
  data: ClusterData,
  name: string,
  build: (adminUrl: string) => Promise<void>,
): Promise<string> {
  const full = `${data.prefix}tpl_${name}`
  const key = createHash("sha256").update(full).digest().readInt32BE()
  await withClient(data.admin, async (client) => {
    await client.query("select pg_advisory_lock($1)", [key])
    const found = await client.query("select from pg_database where datname = $1", [full])
    if (found.rowCount !== 0) return
    const { adminUrl, drop } = await createDatabase(data, full)
    try {
      await build(adminUrl)
    } catch (error) {
      await drop()
      throw error
    }
    // A session in a template blocks every clone of it.
    await client.query(`alter database ${ident(full)} allow_connections false`)
  })
  return full
}
