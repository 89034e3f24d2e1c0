import { createRequire } from "node:module"
import pg from "pg"

const { prepareValue } = createRequire(import.meta.url)("pg/lib/utils") as { prepareValue(value: unknown): unknown }

interface Wire {
  readonly parsedStatements: Record<string, string>
  parse(message: { text: string; name: string; types: undefined }): void
  bind(message: object): void
  execute(message: object): void
}

/** The parts of `pg`'s query that its types leave out. */
interface Prepares {
  prepare(connection: Wire): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: Wire): void
}

const Query = pg.Query as unknown as new (
  config: pg.QueryConfig,
  callback: (error: Error | undefined, result: pg.QueryResult) => void,
) => Prepares & pg.Submittable

/** Two named statements before one Sync with `pg` itself: what a context costs when nothing else is done. */
class OneSync extends Query {
  readonly #first: pg.QueryConfig
  #waiting = true

  constructor(
    first: pg.QueryConfig,
    main: pg.QueryConfig,
    done: (error: Error | undefined, r: pg.QueryResult) => void,
  ) {
    super(main, done)
    this.#first = first
  }

  requiresPreparation(): boolean {
    return true
  }

  override prepare(connection: Wire): void {
    const { name = "", text, values } = this.#first
    if (connection.parsedStatements[name] === undefined) {
      connection.parse({ text, name, types: undefined })
      connection.parsedStatements[name] = text
    }
    connection.bind({ portal: "", statement: name, values, valueMapper: prepareValue })
    connection.execute({ portal: "", rows: 0 })
    super.prepare(connection)
  }

  override handleDataRow(message: unknown): void {
    if (!this.#waiting) super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, connection: Wire): void {
    if (this.#waiting) this.#waiting = false
    else super.handleCommandComplete(message, connection)
  }
}

export async function oneSync(client: pg.Client, first: pg.QueryConfig, main: pg.QueryConfig): Promise<pg.QueryResult> {
  return await new Promise((resolve, reject) => {
    client.query(new OneSync(first, main, (error, result) => (error ? reject(error) : resolve(result))))
  })
}
