import { WardkeepError } from "@wardkeep/core"
import { requireSupportedVersion } from "@wardkeep/postgres/migrate"
import pg from "pg"

export interface Target {
  /** A PostgreSQL URL; wins over the environment. */
  readonly databaseUrl?: string | undefined
  /** Environment variables that may hold the URL, the first one set wins. */
  readonly variables: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

export const administrator = ["WARDKEEP_ADMIN_URL", "WARDKEEP_MIGRATOR_URL"] as const
export const migrator = ["WARDKEEP_MIGRATOR_URL", "WARDKEEP_ADMIN_URL"] as const

/**
 * Runs `work` on one connection of its own and always closes it.
 *
 * @throws WK009 no URL, or not a PostgreSQL URL · WK005 the database cannot be reached · WK006 the server is too old
 * @example await withClient({ variables: migrator, env: process.env }, (client) => client.query("select 1"))
 */
export async function withClient<T>(target: Target, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const url = findUrl(target)
  const client = new pg.Client({
    connectionString: url.href,
    connectionTimeoutMillis: 10_000,
    application_name: "wardkeep",
  })
  // Without a listener a connection that the server ends takes the process with it, before the query rejects. Between two
  // queries the reason comes here only.
  let ended: Error | undefined
  client.on("error", (error) => {
    ended ??= error
  })
  try {
    await client.connect()
  } catch (cause) {
    throw unreachable(url, cause)
  }
  try {
    await requireNewEnough(client)
    return await work(client)
  } catch (error) {
    if (!isLost(error)) throw error
    throw unreachable(url, error instanceof Error && "code" in error ? error : (ended ?? error))
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function requireNewEnough(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; name: string }>(
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as name",
  )
  if (rows[0] !== undefined) requireSupportedVersion(rows[0].number, rows[0].name)
}

function findUrl({ databaseUrl, variables, env }: Target): URL {
  const text = databaseUrl ?? variables.map((name) => env[name]).find((value) => value !== undefined && value !== "")
  if (text === undefined) {
    throw new WardkeepError("WK009", {
      message: "no database was named",
      hint: `Give --database-url, or set ${variables.join(" or ")}.`,
    })
  }
  // The text is not repeated: it holds a password.
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    throw new WardkeepError("WK009", {
      message: "the database URL is not a PostgreSQL URL",
      hint: "Write postgres://login:password@host:port/database.",
    })
  }
  return new URL(text)
}

function unreachable(url: URL, cause: unknown): WardkeepError {
  const login = url.username === "" ? "" : ` as ${decodeURIComponent(url.username)}`
  return new WardkeepError("WK005", {
    message: `The database ${url.pathname.slice(1)} at ${url.host} cannot be reached${login}`,
    detail: reason(cause),
    cause,
  })
}

/** SQLSTATE or system code and the first line; pg's own messages about connecting hold no password. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return "no reason was given"
  const code = "code" in cause && typeof cause.code === "string" ? `${cause.code} ` : ""
  return `${code}${cause.message.split("\n")[0] ?? ""}`.trim()
}

function isLost(error: unknown): boolean {
  if (!(error instanceof Error) || WardkeepError[Symbol.hasInstance](error)) return false
  const code = "code" in error ? String(error.code) : ""
  return (
    /^(08|57P0[123])/.test(code) ||
    /^E(CONN|PIPE|TIMEDOUT|HOST)/.test(code) ||
    /^(Connection terminated|Client has encountered a connection error)/.test(error.message)
  )
}
