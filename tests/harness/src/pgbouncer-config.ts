import type { PgBouncerOptions } from "./pgbouncer.ts"

export interface PoolerConfig {
  /** Superuser URL of the server behind the pooler. */
  readonly admin: string
  readonly options: PgBouncerOptions
  /** Undefined before PgBouncer 1.21, which knows no such setting. */
  readonly maxPrepared: number | undefined
  readonly port: number
  readonly folder: string
  readonly console: { readonly user: string; readonly password: string }
}

/** Text of the two configuration files, by name. */
export function poolerFiles(config: PoolerConfig): Record<string, string> {
  const { admin, options, maxPrepared, port, folder, console } = config
  const server = new URL(admin)
  const adminUser = decodeURIComponent(server.username)
  const users = {
    ...options.users,
    [adminUser]: decodeURIComponent(server.password),
    [console.user]: console.password,
  }
  // The secret found by auth_query also logs in at the server: PgBouncer passes the client's SCRAM keys on.
  const lookup = options.users === undefined ? { auth_user: adminUser, auth_query: lookupQuery } : {}
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    pool_mode: "transaction",
    default_pool_size: options.poolSize ?? 5,
    max_client_conn: 500,
    auth_type: "scram-sha-256",
    auth_file: `${folder}/users.txt`,
    admin_users: console.user,
    ...lookup,
    ...(maxPrepared !== undefined && { max_prepared_statements: maxPrepared }),
    ...options.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  const target = `* = host=${server.hostname} port=${server.port || "5432"}`
  return {
    "pgbouncer.ini": `[databases]\n${target}\n\n[pgbouncer]\n${lines.join("\n")}\n`,
    "users.txt": Object.entries(users).map(userLine).join(""),
  }
}

const lookupQuery = "select rolname, rolpassword from pg_authid where rolname = $1 and rolcanlogin"

const userLine = ([name, password]: [string, string]): string => `${quoted(name)} ${quoted(password)}\n`

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
