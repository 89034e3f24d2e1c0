import { WardkeepError } from "@wardkeep/core"
import pg from "pg"
import { copyFrom } from "./copy-from.js"
import { type Outcome, type Row, type ServerError, serverError } from "./outcome.js"
import { type Unanswered, whyUnanswered } from "./unanswered.js"

/** One session. Statements that the server refuses are outcomes, not exceptions. */
export class Connection {
  readonly #client: pg.Client
  readonly #unanswered: Unanswered | undefined
  #notices: string[] = []
  #isTaken = false

  private constructor(client: pg.Client, unanswered: Unanswered | undefined) {
    this.#client = client
    this.#unanswered = unanswered
    client.on("notice", (notice) => this.#notices.push(`${notice.message ?? ""} ${notice.detail ?? ""}`.trim()))
  }

  /**
   * @param unanswered is told of every error that says nothing about policies
   * @throws WK005 the database cannot be reached or refuses the login
   */
  static async open(url: URL, unanswered?: Unanswered): Promise<Connection> {
    const client = new pg.Client({
      connectionString: url.href,
      connectionTimeoutMillis: 10_000,
      application_name: "wardkeep verify",
      types: { getTypeParser: () => (value: unknown) => value },
    })
    // Without a listener a connection that the server ends takes the process with it.
    client.on("error", () => undefined)
    try {
      await client.connect()
    } catch (cause) {
      throw unreachable(url, cause)
    }
    return new Connection(client, unanswered)
  }

  /**
   * Every value comes back as the server's text, or null. Of several commands in one text the last one counts, or the
   * one that has `trailing` commands behind it.
   */
  async run(sql: string, values: readonly unknown[] = [], trailing = 0): Promise<Outcome> {
    this.#notices = []
    try {
      const result = await (values.length === 0
        ? this.#client.query<Row>(sql)
        : this.#client.query<Row>(sql, [...values]))
      // Several commands give several results, whatever the type says.
      const last: pg.QueryResult<Row> | undefined = Array.isArray(result) ? result.at(-1 - trailing) : result
      return { rows: last?.rows ?? [], count: last?.rowCount ?? 0, error: undefined, notices: this.#notices }
    } catch (thrown) {
      return { rows: [], count: 0, error: this.#errorOf(thrown), notices: this.#notices }
    }
  }

  /** A COPY … FROM STDIN; the command tag counts the rows that the server took. */
  async copyIn(sql: string, lines: string): Promise<Outcome> {
    this.#notices = []
    try {
      const count = await copyFrom(this.#client, sql, lines)
      return { rows: [], count, error: undefined, notices: this.#notices }
    } catch (thrown) {
      return { rows: [], count: 0, error: this.#errorOf(thrown), notices: this.#notices }
    }
  }

  /** The rows of each of several statements, by their command tags; undefined where one is refused. One round trip. */
  async counts(statements: readonly string[]): Promise<readonly number[] | undefined> {
    try {
      // Several commands give several results, whatever the type says.
      const results: pg.QueryResult | pg.QueryResult[] = await this.#client.query(statements.join(";\n"))
      return [results].flat().map(({ rowCount }) => rowCount ?? 0)
    } catch (thrown) {
      this.#errorOf(thrown)
      return undefined
    }
  }

  #errorOf(thrown: unknown): ServerError {
    const error = serverError(thrown)
    this.#unanswered?.note(error.code)
    return error
  }

  /** Rows of a statement that must not fail. */
  async rows(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { rows, error } = await this.run(sql, values)
    if (error === undefined) return rows
    throw refusal(error)
  }

  /**
   * Rows of a question to the catalog, in a transaction of its own that cannot write, whatever a function in it tries: parts of
   * the catalog are behind the lock of the table that they describe. Answered without compiling them first, which takes longer. Undefined where that, or another state of the server, kept it from being answered.
   */
  async rowsInTime(sql: string, values: readonly unknown[] = []): Promise<readonly Row[] | undefined> {
    if (this.#isTaken) return await this.#answered(sql, values)
    return await this.taken(async () => {
      await this.rows(
        "begin read only; set local lock_timeout = '2s'; set local statement_timeout = '60s'; set local jit = off",
      )
      try {
        return await this.#answered(sql, values)
      } finally {
        await this.run("rollback")
      }
    })
  }

  async #answered(sql: string, values: readonly unknown[]): Promise<readonly Row[] | undefined> {
    const { rows, error } = await this.run(sql, values)
    if (error === undefined) return rows
    if (whyUnanswered(error.code) === undefined) throw refusal(error)
    return undefined
  }

  /**
   * The connection for one transaction at a time: a second one inside it would end it and leave what follows outside
   * of any, where nothing is undone.
   *
   * @throws WK901 it is taken
   */
  async taken<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isTaken) throw new WardkeepError("WK901", { message: "a transaction was begun inside another one" })
    this.#isTaken = true
    try {
      return await work()
    } finally {
      this.#isTaken = false
    }
  }

  /** No pooler is between: the process that answers is the one that the server named when the session began. */
  async isDirect(): Promise<boolean> {
    const [row] = await this.rows("select pg_catalog.pg_backend_pid() as pid")
    return Number(row?.pid) === Reflect.get(this.#client, "processID")
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }
}

/** @throws WK009 it is not a PostgreSQL URL; the text is not repeated, it holds a password */
export function databaseUrl(text: string | undefined, option: string): URL {
  if (text === undefined || text === "") {
    throw new WardkeepError("WK009", { message: "no database was named", hint: `Give ${option}.` })
  }
  if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return new URL(text)
  throw new WardkeepError("WK009", {
    message: `${option} is not a PostgreSQL URL`,
    hint: "Write postgres://login:password@host:port/database.",
  })
}

const refusal = ({ code, message }: ServerError): WardkeepError =>
  new WardkeepError("WK703", { message: `The server answered ${code}${/^2[23]/.test(code) ? "" : ` ${message}`}` })

function unreachable(url: URL, cause: unknown): WardkeepError {
  const login = url.username === "" ? "" : ` as ${decodeURIComponent(url.username)}`
  const code = cause instanceof Error && "code" in cause ? `${String(cause.code)} ` : ""
  const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : "no reason was given"
  return new WardkeepError("WK005", {
    message: `The database ${url.pathname.slice(1)} at ${url.host} cannot be reached${login}`,
    detail: `${code}${reason}`,
    hint: "Check host, port, password and pg_hba.conf; GRANT CONNECT ON DATABASE to this login if it is missing.",
    cause,
  })
}
