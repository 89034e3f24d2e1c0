import { isCode, WardkeepError } from "@wardkeep/core"
import { CommanderError } from "commander"
import { type ExitCode, exitCodeOf } from "./exit-code.js"
import type { Output } from "./output.js"

/** Whatever a command threw, as one of our errors. Row values never pass: PostgreSQL quotes them in classes 22 and 23. */
export function asWardkeepError(error: unknown): WardkeepError {
  if (error instanceof WardkeepError) return error
  if (error instanceof CommanderError) {
    return new WardkeepError("WK009", {
      message: error.message.replace(/^error: /, ""),
      hint: "Run the command with --help.",
      cause: error,
    })
  }
  const state = sqlState(error)
  if (state === undefined) {
    return new WardkeepError("WK901", { message: `A defect in Wardkeep: ${messageOf(error)}`, cause: error })
  }
  if (isCode(state)) {
    const hint = hintOf(error)
    return new WardkeepError(state, { message: messageOf(error), cause: error, ...(hint !== undefined && { hint }) })
  }
  const text = /^(22|23)/.test(state) ? "" : ` ${messageOf(error)}`
  const hint =
    state === "42501"
      ? "Connect with a login that may do this: the migrator's, or the administrator's."
      : "Nothing was changed by this statement. Correct the cause and run again."
  return new WardkeepError("WK301", { message: `The server answered ${state}${text}`, hint, cause: error })
}

function sqlState(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code) && "severity" in error
    ? error.code
    : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : "something that is no error was thrown"
}

/** Ours alone: the hints of our SQL functions hold no row values. */
function hintOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("hint" in error)) return undefined
  return typeof error.hint === "string" ? error.hint : undefined
}

/** The one printer of errors: code, what, next step; never a stack. */
export function printFailure(thrown: unknown, output: Output, json: boolean): ExitCode {
  const error = asWardkeepError(thrown)
  const exitCode = exitCodeOf(error.code)
  if (json) {
    const { code, message, detail, hint } = error
    output.out(JSON.stringify({ error: { code, message, ...(detail !== undefined && { detail }), hint } }, null, 2))
    return exitCode
  }
  output.err(`${output.paint("red", error.code)} ${error.message}`)
  if (error.detail !== undefined) output.err(`  ${error.detail}`)
  output.err(`  → ${error.hint}`)
  return exitCode
}
