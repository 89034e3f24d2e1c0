import { randomBytes } from "node:crypto"
import type { ClusterData } from "./source.ts"
import { ident, literal, retrying, urlFor, withClient } from "./sql.ts"

export interface LoginOptions {
  /** Part of the generated name, so that logs can be read. */
  readonly label?: string
  /** Role attributes as in `create role`; LOGIN is always given. */
  readonly attributes?: string
}

export interface Login {
  readonly user: string
  readonly password: string
  url(database?: string): string
  drop(): Promise<void>
}

/** Roles belong to the cluster, not to a database: the name is unique so that files can run side by side. */
export async function createLogin(data: ClusterData, options: LoginOptions = {}): Promise<Login> {
  const { label = "login", attributes = "noinherit" } = options
  const user = `${data.prefix}${label}_${randomBytes(3).toString("hex")}`
  const password = randomBytes(12).toString("base64url")
  const execute = (sql: string) => retrying(() => withClient(data.admin, (client) => client.query(sql)))
  await execute(`create role ${ident(user)} login ${attributes} password ${literal(password)}`)
  return {
    user,
    password,
    url: (database = "postgres") => urlFor(data.admin, database, { user, password }),
    drop: async () => void (await execute(`drop role if exists ${ident(user)}`)),
  }
}
