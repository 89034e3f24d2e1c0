/** A row as the driver gives it. */
export type Row = Readonly<Record<string, unknown>>

export interface ServerError {
  readonly code: string
  readonly message: string
  readonly detail: string
  readonly constraint: string
  readonly where: string
}

/** What the server answered to one statement: everything it printed is searched for what it must not show. */
export interface Outcome {
  readonly rows: readonly Row[]
  /** Rows of the command tag. */
  readonly count: number
  readonly error: ServerError | undefined
  readonly notices: readonly string[]
}

/** The server's own error as data; anything else is a lost connection or a defect and is thrown. */
export function serverError(thrown: unknown): ServerError {
  if (!(thrown instanceof Error) || !("code" in thrown) || !("severity" in thrown)) throw thrown
  const field = (name: string): string => {
    const value: unknown = Reflect.get(thrown, name)
    return typeof value === "string" ? value : ""
  }
  return {
    code: field("code"),
    message: thrown.message,
    detail: field("detail"),
    constraint: field("constraint"),
    where: field("where"),
  }
}

/** Everything of an outcome that a client could read, as one text. */
export function visibleText({ rows, error, notices }: Outcome): string {
  const failed = error === undefined ? [] : [error.message, error.detail, error.where]
  return [...rows.map((row) => JSON.stringify(row)), ...failed, ...notices].join("\n")
}
