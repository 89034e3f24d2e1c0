import { WardkeepError } from "@wardkeep/core"
import { whyUnanswered } from "./unanswered.js"

/** A row as the driver gives it. */
export type Row = Readonly<Record<string, unknown>>

export interface ServerError {
  readonly code: string
  readonly message: string
  readonly detail: string
  readonly hint: string
  readonly constraint: string
  /** Empty where it is not of a table, such as a domain's constraint. */
  readonly table: string
  readonly where: string
  /** Where in the server it was raised, such as `exec_stmt_raise`, which is RAISE. */
  readonly routine: string
}

/** What the server answered to one statement: everything it printed is searched for what it must not show. */
export interface Outcome {
  readonly rows: readonly Row[]
  /** Rows of the command tag. */
  readonly count: number
  readonly error: ServerError | undefined
  readonly notices: readonly string[]
}

/**
 * The server's own error as data; a defect is thrown.
 *
 * @throws WK005 the connection is lost: what is not answered must not look like what was refused
 */
export function serverError(thrown: unknown): ServerError {
  if (!(thrown instanceof Error)) throw thrown
  if (!("code" in thrown) || !("severity" in thrown)) throw isLost(thrown) ? ended(thrown) : thrown
  // FATAL ends the session: an administrator, a shutdown, a limit on idle transactions.
  if (thrown.severity === "FATAL" || thrown.severity === "PANIC") throw ended(thrown)
  const field = (name: string): string => {
    const value: unknown = Reflect.get(thrown, name)
    return typeof value === "string" ? value : ""
  }
  return {
    code: field("code"),
    message: thrown.message,
    detail: field("detail"),
    hint: field("hint"),
    constraint: field("constraint"),
    table: field("table"),
    where: field("where"),
    routine: field("routine"),
  }
}

/** In the driver's words, which has no code for it. */
const isLost = ({ message }: Error): boolean =>
  /connection (terminated|ended)|not queryable|client was closed|ECONNRESET|EPIPE/i.test(message)

const ended = (cause: Error): WardkeepError =>
  new WardkeepError("WK005", {
    message: "The database ended the connection before the run was finished",
    detail: cause.message.split("\n")[0] ?? "",
    hint: "Nothing was kept of what the run wrote. Find out who or what ends sessions, and run it again.",
    cause,
  })

/** Everything of an outcome that a client could read, as one text. */
export function visibleText({ rows, error, notices }: Outcome): string {
  const failed = error === undefined ? [] : [error.message, error.detail, error.hint, error.where]
  return [...rows.map((row) => JSON.stringify(row)), ...failed, ...notices].join("\n")
}

/** Of statements, privileges, constraints and states of the server: what is some row's stands in quotes or parentheses. */
const ownWords = /^(0A|21|23|25|28|3|4[024]|5[3-7]|P0)/

/** In the marks of any language that the server speaks. */
const saidOfRows = /["«»„“”][^"«»„“”]*["«»„“”]|\(.*\)/gs

/** By RAISE or ASSERT of a function, whatever code it gives it. */
export const isRaised = ({ routine }: ServerError): boolean => /^exec_stmt_(raise|assert)$/.test(routine)

/** A line of a CONTEXT without what was executed or read there. */
const frame = /^(PL\/pgSQL function [^\n]* (line \d+ at|during) [^\n]*|SQL (function|statement|expression)\b)/gm

/**
 * The same where it is searched for what rows say: without the server's own words, in which a claim that is "denied" would be
 * found wherever permission is.
 */
export function tellingText(outcome: Outcome): string {
  const { error } = outcome
  if (error === undefined) return visibleText(outcome)
  const telling = (text: string): string =>
    isRaised(error) || !ownWords.test(error.code) ? text : (text.match(saidOfRows) ?? []).join(" ")
  const { message, detail, hint, where } = error
  const words = {
    message: telling(message),
    detail: telling(detail),
    hint: telling(hint),
    where: where.replace(frame, ""),
  }
  return visibleText({ ...outcome, error: { ...error, ...words } })
}

/**
 * The same where answers are compared, rows in one order: another plan gives the same rows in another. Undefined where the
 * server gave none, such as when it took too long.
 */
export function answerText(outcome: Outcome): string | undefined {
  const isOpen = outcome.error !== undefined && whyUnanswered(outcome.error.code) !== undefined
  if (isOpen) return undefined
  const rows = outcome.rows.map((row) => JSON.stringify(row)).sort()
  return [...rows, visibleText({ ...outcome, rows: [] })].filter((text) => text !== "").join("\n")
}
