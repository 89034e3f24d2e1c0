import { WardkeepError } from "@wardkeep/core"
import pg from "pg"
import { Connection, type ConnectionEvents } from "./connection.js"

export interface ConnectOptions {
  readonly config: pg.ClientConfig
  readonly searchPath: string
  readonly statementTimeout: number
  readonly idleInTransactionTimeout: number
  readonly pooler: boolean
  readonly preparedStatements: number
}

/** What changes answers or stops them, and any login may give itself by ALTER ROLE … SET. Start-up options stand above that. */
const plain = [
  "role=none",
  "cpu_operator_cost=0.0025",
  "default_transaction_deferrable=off",
  "default_transaction_isolation=read committed",
  "default_transaction_read_only=off",
  "extra_float_digits=1",
  "gin_fuzzy_search_limit=0",
  "row_security=on",
  "transform_null_equals=off",
]

/**
 * Opens one session with the settings that every unit relies on. Behind a pooler they cannot be start-up options; the
 * prologue sets them in each transaction instead.
 *
 * @throws WK005 host, port, login, password or database is wrong, or the server does not answer
 */
export async function connect(options: ConnectOptions, events: ConnectionEvents): Promise<Connection> {
  const client = new pg.Client(clientConfig(options))
  const drop = (): undefined => undefined
  client.on("error", drop)
  const expected = new Map<string, readonly string[]>()
  const early = (message: { readonly parameterName: string; readonly parameterValue: string }): void => {
    const ours = message.parameterName === "search_path" && options.pooler ? [options.searchPath] : []
    expected.set(message.parameterName, options.pooler ? [message.parameterValue, ...ours] : [])
  }
  client.connection.on("parameterStatus", early)
  return await new Promise<Connection>((resolve, reject) => {
    client.connect((cause: Error | null) => {
      if (cause !== null && cause !== undefined) {
        // A socket that never signed in must not keep the process.
        client.connection.stream.destroy()
        reject(unreachable(cause))
        return
      }
      client.removeListener("error", drop)
      resolve(new Connection(client, events, { capacity: options.preparedStatements, expected }))
    })
  })
}

function clientConfig(options: ConnectOptions): pg.ClientConfig {
  const config: pg.ClientConfig = {
    ...options.config,
    application_name: options.config.application_name ?? "wardkeep",
    statement_timeout: undefined,
    query_timeout: undefined,
    idle_in_transaction_session_timeout: undefined,
    pipeline: false,
  }
  if ("password" in options.config) config.password = options.config.password
  if (options.pooler) return config
  const settings = [
    `search_path=${options.searchPath}`,
    `statement_timeout=${options.statementTimeout}`,
    `idle_in_transaction_session_timeout=${options.idleInTransactionTimeout}`,
    ...plain,
  ]
  const ours = settings.map((setting) => `-c ${setting.replaceAll(/[\\ ]/g, "\\$&")}`).join(" ")
  config.options = options.config.options === undefined ? ours : `${options.config.options} ${ours}`
  return config
}

/** What to throw for an error of connecting. */
export function unreachable(cause: Error): WardkeepError {
  const code = "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : ""
  return new WardkeepError("WK005", { message: `the database cannot be reached${code}`, cause })
}
