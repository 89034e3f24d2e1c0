import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import {
  chownSync,
  closeSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type Account, unprivilegedAccount } from "./account.ts"
import { embeddedBinaries, majorVersion, program, runnableBinaries } from "./binaries.ts"
import { type Home, makeHome } from "./home.ts"
import { freePort } from "./port.ts"

export interface ServerOptions {
  /** Folder with initdb and postgres. Default: the npm package for this platform. */
  readonly binaries?: string
  /** Server settings; they win over ours. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Off for tests; a demo that shows durable writes turns it on. */
  readonly fsync?: boolean
  /** Another server's files instead of a new cluster. */
  readonly copied?: {
    /** Of the superuser in them. */
    readonly password: string
    /** Puts them into the folder of the data. */
    fill(data: string): void
  }
  /** A program that runs the server, such as valgrind, with its arguments. `data` is a folder it may write to. */
  readonly under?: (data: string) => readonly string[]
}

/** A real PostgreSQL server of this process, gone when the process is gone. */
export interface EmbeddedServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly majorVersion: number
  /** Of the superuser, for the database `postgres`. */
  readonly url: string
  readonly pid: number
  /** The folder with the programs that it was started from. */
  readonly binaries: string
  /** Holds data, log and, where needed, a copy of the binaries; deleted by `stop`. */
  readonly folder: string
  log(): string
  /** Over the same files, once it has ended, however it did: on another port. */
  restart(): Promise<EmbeddedServer>
  stop(): Promise<void>
}

const host = "127.0.0.1"
const user = "postgres"

export async function startEmbedded(options: ServerOptions = {}): Promise<EmbeddedServer> {
  const found = options.binaries ?? embeddedBinaries()
  if (found === undefined) throw new Error(`no embedded PostgreSQL for ${process.platform}-${process.arch}`)
  const account = unprivilegedAccount()
  const home = makeHome(account)
  try {
    const bin = runnableBinaries(found, home.path, account)
    const major = majorVersion(bin)
    const { copied } = options
    const password = copied?.password ?? randomBytes(18).toString("base64url")
    if (copied === undefined) await initialise({ bin, home, account, password, major })
    else {
      mkdirSync(dataFolder(home), { mode: 0o700 })
      copied.fill(dataFolder(home))
      if (account !== undefined) giveAll(dataFolder(home), account)
    }
    const start = async (settings: ServerOptions["settings"] = {}): Promise<EmbeddedServer> => {
      const all = { ...options, settings: { ...options.settings, ...settings } }
      const { port, pid } = await launchOnFreePort(bin, home, account, all)
      return {
        host,
        port,
        user,
        password,
        majorVersion: major,
        url: `postgres://${user}:${password}@${host}:${port}/postgres`,
        pid,
        binaries: found,
        folder: home.path,
        log: () => readFileSync(logFile(home), "utf8"),
        restart: start,
        stop: () => home.remove(),
      }
    }
    return await start()
  } catch (error) {
    await home.remove()
    throw error
  }
}

interface NewCluster {
  readonly bin: string
  readonly home: Home
  readonly account: Account | undefined
  readonly password: string
  readonly major: number
}

function giveAll(folder: string, account: Account): void {
  lchownSync(folder, account.uid, account.gid)
  for (const each of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, each.name)
    if (each.isDirectory()) giveAll(path, account)
    else lchownSync(path, account.uid, account.gid)
  }
}

const dataFolder = (home: Home): string => join(home.path, "data")
const logFile = (home: Home): string => join(home.path, "server.log")

async function initialise({ bin, home, account, password, major }: NewCluster): Promise<void> {
  const secret = join(home.path, "password")
  writeFileSync(secret, password, { mode: 0o600 })
  mkdirSync(dataFolder(home), { mode: 0o700 })
  if (account !== undefined) {
    for (const path of [secret, dataFolder(home)]) chownSync(path, account.uid, account.gid)
  }
  // The built-in provider needs no locale from the system; older ones have libc only. Both sort by code point.
  const locale =
    major >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] : ["--locale=C.UTF-8"]
  const args = ["-D", dataFolder(home), "-U", user, "-E", "UTF8", ...locale]
  args.push("--auth=scram-sha-256", `--pwfile=${secret}`, "--no-sync")
  if (major >= 14) args.push("--no-instructions")
  const child = run(program(bin, "initdb"), args, home, account)
  const [code] = (await once(child, "exit")) as [number | null]
  rmSync(secret)
  if (code !== 0) throw new Error(`initdb failed (${code}):\n${readFileSync(logFile(home), "utf8")}`)
}

function run(command: string, args: readonly string[], home: Home, account: Account | undefined): ChildProcess {
  const log = openSync(logFile(home), "a")
  // Detached: Ctrl-C must reach the tests, not the server they are still using.
  const child = spawn(command, args, {
    ...account,
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C", TZ: "UTC" },
  })
  closeSync(log)
  child.on("error", () => child.emit("exit", -1))
  return child
}

async function launchOnFreePort(bin: string, home: Home, account: Account | undefined, options: ServerOptions) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const args = ["-D", dataFolder(home), ...settingArguments(port, options)]
    const [command = "", ...rest] = [...(options.under?.(dataFolder(home)) ?? []), program(bin, "postgres"), ...args]
    const before = serverFile(home).pid
    const child = run(command, rest, home, account)
    if (await becomesReady(child, home, before)) {
      child.unref()
      return { port, pid: child.pid ?? 0 }
    }
    const log = readFileSync(logFile(home), "utf8")
    if (attempt === 3 || !log.includes("could not bind")) throw new Error(`PostgreSQL did not start:\n${log}`)
  }
}

/** `before` is what a server that was killed left behind. */
async function becomesReady(child: ChildProcess, home: Home, before: string | undefined): Promise<boolean> {
  const deadline = Date.now() + 30_000
  while (child.exitCode === null && Date.now() < deadline) {
    const { pid, status } = serverFile(home)
    if (status === "ready" && pid !== before) return true
    await sleep(15)
  }
  child.kill("SIGKILL")
  return false
}

/** What the server says of itself, and of nobody while its file is not there. */
function serverFile(home: Home): { readonly pid?: string; readonly status?: string } {
  try {
    const lines = readFileSync(join(dataFolder(home), "postmaster.pid"), "utf8").split("\n")
    return { pid: lines[0] ?? "", status: lines[7]?.trim() ?? "" }
  } catch {
    return {}
  }
}

function settingArguments(port: number, { fsync = false, settings = {} }: ServerOptions): string[] {
  const all = {
    port,
    listen_addresses: host,
    unix_socket_directories: "",
    password_encryption: "scram-sha-256",
    timezone: "UTC",
    log_timezone: "UTC",
    max_connections: 200,
    shared_buffers: "64MB",
    fsync,
    full_page_writes: fsync,
    synchronous_commit: fsync,
    max_wal_size: "1GB",
    logging_collector: false,
    ...settings,
  }
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${onOff(value)}`])
}

const onOff = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value)
