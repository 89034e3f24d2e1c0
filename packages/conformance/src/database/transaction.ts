import type { Connection } from "./connection.js"
import type { Outcome, ServerError } from "./outcome.js"

/** The inside of a transaction that is always rolled back. */
export class Transaction {
  readonly #connection: Connection
  /** Prepared statements outlive the transaction. */
  readonly #prepared = new Set<string>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Keeps what the statement did until the transaction ends; a refused one leaves the transaction usable. */
  async keep(sql: string, values: readonly unknown[] = []): Promise<Outcome> {
    return await this.#guarded(sql, values, "release savepoint wk_probe")
  }

  /** Without a savepoint, so that rows carry the transaction's own id; a refusal ends the transaction's usefulness. */
  async direct(sql: string): Promise<Outcome> {
    for (const name of preparedIn([sql])) this.#prepared.add(name)
    return await this.#connection.run(sql)
  }

  /** Rolls back what was done, and takes back what `direct` prepared. */
  async end(): Promise<void> {
    await this.#connection.run("rollback")
    for (const name of this.#prepared) await this.#connection.run(`deallocate ${name}`)
  }

  /** Undoes what the statement did at once, with what it prepared. */
  async attempt(sql: string, values: readonly unknown[] = []): Promise<Outcome> {
    const outcome = await this.#guarded(sql, values, undo)
    // A prepared statement outlives the savepoint in which it was made.
    for (const name of preparedIn([sql])) await this.attempt(`deallocate ${name}`)
    return outcome
  }

  /** The same for a COPY … FROM STDIN, whose rows are `lines`. */
  async copied(sql: string, lines: string): Promise<Outcome> {
    return await this.#copied(sql, lines, undo)
  }

  /** The same, kept until the transaction ends. */
  async keepCopied(sql: string, lines: string): Promise<Outcome> {
    return await this.#copied(sql, lines, "release savepoint wk_probe")
  }

  async #copied(sql: string, lines: string, after: string): Promise<Outcome> {
    await this.#connection.rows("savepoint wk_probe")
    const outcome = await this.#connection.copyIn(sql, lines)
    await this.#connection.run(outcome.error === undefined ? after : undo)
    return outcome
  }

  /** How many rows each of these statements returned, undone at once; undefined where one is refused. */
  async attemptAll(statements: readonly string[]): Promise<readonly number[] | undefined> {
    const counts = await this.#connection.counts(["savepoint wk_probe", ...statements, ...undo.split("; ")])
    // A prepared statement outlives the savepoint in which it was made.
    if (counts === undefined) {
      await this.#connection.run(undo)
      for (const name of preparedIn(statements)) await this.attempt(`deallocate ${name}`)
    }
    return counts?.slice(1, 1 + statements.length)
  }

  /** Runs several statements and undoes all of them. */
  async undone<T>(work: () => Promise<T>): Promise<T> {
    await this.#connection.rows("savepoint wk_group")
    try {
      return await work()
    } finally {
      await this.#connection.run("rollback to savepoint wk_group; release savepoint wk_group")
    }
  }

  /** One message where it has no parameters, so that a statement costs one round trip; a refusal costs a second one. */
  async #guarded(sql: string, values: readonly unknown[], after: string): Promise<Outcome> {
    if (values.length > 0) await this.#connection.rows("savepoint wk_probe")
    const outcome =
      values.length > 0
        ? await this.#connection.run(sql, values)
        : await this.#connection.run(`savepoint wk_probe;\n${sql}\n;${after}`, [], after.split(";").length)
    if (outcome.error !== undefined) await this.#connection.run(undo)
    else if (values.length > 0) await this.#connection.run(after)
    return outcome
  }
}

const undo = "rollback to savepoint wk_probe; release savepoint wk_probe"

/** Only ours: behind a pooler the others are somebody's. */
const preparedIn = (statements: readonly string[]): ReadonlySet<string> =>
  new Set(statements.flatMap((text) => [...text.matchAll(/^prepare (\w+) /gm)].flatMap(([, name]) => name ?? [])))

/** Nothing is committed, so what a commit would refuse must be refused at the statement. */
export const limits =
  "set local statement_timeout = '10s'; set local lock_timeout = '500ms'; set constraints all immediate"

/** Begins, works and rolls back. A process that is killed in between leaves nothing either. */
export async function rolledBack<T>(connection: Connection, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return await connection.taken(async () => {
    await connection.rows(`begin; ${limits}`)
    return await ended(connection, work)
  })
}

/** The same, beginning with these statements in the same message; their refusal goes to `refused`. */
export async function rolledBackAfter<T>(
  connection: Connection,
  statements: readonly string[],
  refused: (error: ServerError) => Error,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return await connection.taken(async () => {
    const { error } = await connection.run([`begin; ${limits}`, ...statements].join(";\n"))
    if (error === undefined) return await ended(connection, work)
    await connection.run("rollback")
    throw refused(error)
  })
}

async function ended<T>(connection: Connection, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const tx = new Transaction(connection)
  try {
    return await work(tx)
  } finally {
    await tx.end()
  }
}
