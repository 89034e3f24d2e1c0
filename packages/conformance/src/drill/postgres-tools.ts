import { spawn } from "node:child_process"
import { pipeline } from "node:stream/promises"

/** `pg_dump` and `pg_restore` of the machine, or why they cannot be used. */
export async function toolsFor(serverVersion: number): Promise<{ readonly missing?: string }> {
  const server = Math.floor(serverVersion / 10_000)
  for (const tool of ["pg_dump", "pg_restore"]) {
    const text = await versionOf(tool)
    const major = Number(/\) (\d+)/.exec(text ?? "")?.[1])
    if (text === undefined || Number.isNaN(major)) {
      return { missing: `${tool} is not on the PATH; install the client programs of PostgreSQL ${server} or later` }
    }
    if (major < server) {
      return {
        missing: `${tool} is version ${major} and the server ${server}; install ${tool} of version ${server} or later`,
      }
    }
  }
  return {}
}

async function versionOf(tool: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const child = spawn(tool, ["--version"], { stdio: ["ignore", "pipe", "ignore"] })
    let text = ""
    child.stdout.on("data", (part) => {
      text += String(part)
    })
    child.once("error", () => resolve(undefined))
    child.once("close", (code) => resolve(code === 0 ? text : undefined))
  })
}

export interface Copied {
  /** Of pg_dump: 0 when everything could be read. */
  readonly dumped: number | null
  /** How many statements the restore could not run. Their text may hold rows and is not kept. */
  readonly failed: number
}

/** Dumps one database into another through a pipe: rows of real people never touch a disk of this machine. */
export async function dumpAndRestore(from: URL, to: URL): Promise<Copied> {
  const dump = spawn("pg_dump", ["--format=custom"], { env: environment(from), stdio: ["ignore", "pipe", "ignore"] })
  const database = decodeURIComponent(to.pathname.slice(1))
  const restore = spawn("pg_restore", ["--dbname", database], {
    env: environment(to),
    stdio: ["pipe", "ignore", "pipe"],
  })
  let failed = 0
  restore.stderr.on("data", (part) => {
    failed += String(part).match(/pg_restore: error:/g)?.length ?? 0
  })
  // A restore that ends early closes the pipe; its exit says so, not the pipe.
  const piped = pipeline(dump.stdout, restore.stdin).catch(() => undefined)
  const [dumped] = await Promise.all([ended(dump), ended(restore), piped])
  return { dumped, failed }
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null))
    child.once("close", resolve)
  })
}

/** Credentials in variables: an argument is visible to everybody on the machine. */
function environment(url: URL): NodeJS.ProcessEnv {
  const mode = url.searchParams.get("sslmode")
  return {
    PATH: process.env.PATH ?? "",
    PGHOST: url.hostname.replace(/^\[|\]$/g, ""),
    PGPORT: url.port === "" ? "5432" : url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    PGCONNECT_TIMEOUT: "10",
    ...(mode !== null && { PGSSLMODE: mode }),
  }
}
