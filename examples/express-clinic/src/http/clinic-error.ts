/** An answer other than success. Its message is written here, so it never holds what a row holds. */
export class ClinicError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly extra: { readonly retryAfter?: number; readonly reason?: string } = {},
  ) {
    super(message)
    this.name = "ClinicError"
  }
}

export const notFound = (what: string): ClinicError =>
  new ClinicError(404, "not_found", `There is no such ${what} here.`)

export const signedOut = (): ClinicError => new ClinicError(401, "signed_out", "Sign in first.")

/** A session that was good once: its time is over, or somebody took the role or the session away. */
export const sessionEnded = (reason: "expired" | "withdrawn"): ClinicError =>
  new ClinicError(401, "session_ended", ended[reason], { reason })

const ended = {
  expired: "Your access here is over. Sign in again if it was extended.",
  withdrawn: "Your access here was taken away, or this session was ended. Sign in again if that was a mistake.",
}

/** The first row, or the same 404 whether a row does not exist or belongs to somebody else. */
export function oneRow<T>(rows: readonly T[], what: string): T {
  const [row] = rows
  if (row === undefined) throw notFound(what)
  return row
}
