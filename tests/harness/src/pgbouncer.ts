import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { chownSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Account, unprivilegedAccount } from "./account.ts"
import type { Cluster } from "./cluster.ts"
import { type Home, makeHome } from "./home.ts"
import { poolerFiles } from "./pgbouncer-config.ts"
import { accepts, freePort } from "./port.ts"
import { withClient } from "./sql.ts"

export interface PgBouncerOptions {
  readonly poolSize?: number
  /** Needs PgBouncer 1.21, ignored before; 0 turns named statements off. */
  readonly maxPreparedStatements?: number
  /** Password per login. Default: every login of the server, looked up there. */
  readonly users?: Readonly<Record<string, string>>
  /** Further settings of the section [pgbouncer]. */
  readonly settings?: Readonly<Record<string, string | number>>
}

export interface PooledClient {
  readonly user: string
  readonly state: string
}

export interface PgBouncer {
  /** Of the cluster's superuser, for the database `postgres`; `urlFor` makes others of it. */
  readonly url: string
  readonly port: number
  readonly version: string
  readonly supportsNamedStatements: boolean
  /** Clients of `database` that are connected to the pooler. */
  clients(database: string): Promise<PooledClient[]>
  log(): string
  stop(): Promise<void>
}

/** Path of the program, or undefined where PgBouncer is not installed. */
export function findPgBouncer(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter)
  return [...folders, "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"]
    .map((folder) => join(folder, "pgbouncer"))
    .find((path) => existsSync(path))
}

/** PgBouncer in transaction mode in front of `cluster`. */
export async function startPgBouncer(
  cluster: Pick<Cluster, "admin">,
  options: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const program = findPgBouncer()
  if (program === undefined) throw new Error("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
  const version = versionOf(program)
  const maxPrepared = atLeast(version, 1, 21) ? (options.maxPreparedStatements ?? 200) : undefined
  const account = unprivilegedAccount()
  const home = makeHome(account)
  const console = { user: "wardkeep_pooler", password: randomBytes(12).toString("base64url") }
  const configure = (port: number) => {
    const files = poolerFiles({ admin: cluster.admin, options, maxPrepared, port, folder: home.path, console })
    writeFiles(files, home, account)
  }
  try {
    const port = await launch(program, home, account, configure)
    const url = new URL(cluster.admin)
    url.host = `127.0.0.1:${port}`
    return {
      url: url.href,
      port,
      version,
      supportsNamedStatements: (maxPrepared ?? 0) > 0,
      clients: (database) =>
        connectedClients(`postgres://${console.user}:${console.password}@${url.host}/pgbouncer`, database),
      log: () => readFileSync(logFile(home), "utf8"),
      stop: () => home.remove(),
    }
  } catch (error) {
    await home.remove()
    throw error
  }
}

const logFile = (home: Home): string => join(home.path, "pooler.log")

function writeFiles(files: Record<string, string>, home: Home, account: Account | undefined): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(home.path, name)
    writeFileSync(path, text, { mode: 0o600 })
    if (account !== undefined) chownSync(path, account.uid, account.gid)
  }
}

async function launch(
  program: string,
  home: Home,
  account: Account | undefined,
  configure: (port: number) => void,
): Promise<number> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const port = await freePort()
    configure(port)
    const child = start(program, home, account)
    if (await listens(child, port)) return port
    child.kill("SIGKILL")
  }
  throw new Error(`PgBouncer did not start:\n${readFileSync(logFile(home), "utf8")}`)
}

function start(program: string, home: Home, account: Account | undefined): ChildProcess {
  const log = openSync(logFile(home), "a")
  const child = spawn(program, [join(home.path, "pgbouncer.ini")], {
    ...account,
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
  })
  closeSync(log)
  child.on("error", () => undefined)
  child.unref()
  if (child.pid !== undefined) writeFileSync(join(home.path, "pooler.pid"), `${child.pid}\n`)
  return child
}

async function listens(child: ChildProcess, port: number): Promise<boolean> {
  const deadline = Date.now() + 10_000
  while (child.pid !== undefined && child.exitCode === null && Date.now() < deadline) {
    if (await accepts(port)) return true
    await sleep(10)
  }
  return false
}

async function connectedClients(consoleUrl: string, database: string): Promise<PooledClient[]> {
  return withClient(consoleUrl, async (client) => {
    const { rows } = await client.query<PooledClient & { database: string }>("show clients")
    return rows.filter((row) => row.database === database).map(({ user, state }) => ({ user, state }))
  })
}

function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" })
  return /(\d+\.\d+(\.\d+)?)/.exec(stdout)?.[1] ?? "0.0"
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number)
  return a > major || (a === major && b >= minor)
}
