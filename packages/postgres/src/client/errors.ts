import { isCode, WardkeepError } from "@wardkeep/core"
import pg from "pg"
import { redact } from "./redact.js"
import type { Statement } from "./wire/statement.js"
import type { Progress } from "./wire/unit.js"

/** What the server said of a unit first, before it was put into the client's words. */
export interface Failed {
  readonly error: unknown
  readonly progress: Progress
  readonly sentAt: number
}

/** What set_config('role', …) answers when the role does not exist or the login is not a member of it. */
const noRole: ReadonlySet<string> = new Set(["22023", "42501", "42704"])

/**
 * What leaves the client for what PostgreSQL said: a code of ours becomes a WardkeepError, everything else stays the
 * `DatabaseError` of `pg` without the fields that carry row values.
 */
export function outward(
  error: unknown,
  statement: Statement | undefined,
  keepDetail: boolean,
  progress: Progress = "main",
): unknown {
  if (!(error instanceof pg.DatabaseError)) return error
  const { code } = error
  if (progress === "prologue" && noRole.has(code ?? ""))
    return new WardkeepError("WK107", { message: "the role of the context cannot be taken on this connection" })
  if (cutShort(error, progress))
    return new WardkeepError("WK109", { message: "the time-out of this connection was changed" })
  if (isCode(code))
    return new WardkeepError(code, {
      message: error.message,
      ...(error.hint !== undefined && { hint: error.hint }),
    })
  if (!keepDetail) redact(error, statement?.text ?? "")
  if (statement !== undefined && statement.shift > 0 && error.position !== undefined)
    error.position = String(Math.max(1, Number(error.position) - statement.shift))
  return error
}

/** Whether a failed unit may be sent again: its transaction was rolled back, and a new session would not fail so. */
export function worthAnotherTry(error: unknown, progress: Progress): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  if (foundChanged(error, progress)) return true
  // A prepared statement whose result has changed shape since, or whose name is not what we left.
  return (error.code === "0A000" && error.routine === "RevalidateCachedQuery") || lostName(error)
}

/** The prologue found the session changed. Behind the prologue the same code is of the statement's own making. */
export function foundChanged(error: unknown, progress: Progress): boolean {
  if (!(error instanceof pg.DatabaseError) || progress !== "prologue") return false
  return error.code === "WK109" || cutShort(error, progress)
}

/** A time-out left on the session can end the prologue before it has compared the settings. */
function cutShort(error: unknown, progress: Progress): boolean {
  return error instanceof pg.DatabaseError && error.code === "57014" && progress === "prologue"
}

const lostNames: ReadonlyMap<string | undefined, string> = new Map([
  ["26000", "FetchPreparedStatement"],
  ["42P05", "StorePreparedStatement"],
])

/**
 * The names on a session, or behind a pooler, are not the ones we gave. SQL may raise the same codes, and must not end a
 * session that others use: then the server names another routine of its own, or says in `where` what was running. A
 * pooler that answers in the server's place names no routine.
 */
export function lostName(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  const routine = lostNames.get(error.code)
  return routine !== undefined && (error.routine ?? routine) === routine && error.where === undefined
}

/** What the database says when it now verifies contexts in another way than the prologue supposes. */
export function otherStrategy(error: unknown, progress: Progress): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  return error.code === "WK101" || (error.code === "42883" && progress === "prologue")
}

/** COMMIT turned out to be a ROLLBACK. */
export function swallowed(cause: unknown): WardkeepError {
  return new WardkeepError("WK103", {
    message: "the transaction was rolled back: an error inside it was caught and not passed on",
    hint: "Let errors leave the callback, or put what may fail into a nested wk.tx (a savepoint).",
    ...(cause !== undefined && { cause }),
  })
}

export function doubt(cause: unknown): WardkeepError {
  return new WardkeepError("WK109", { message: "a transaction could not be rolled back", cause })
}
