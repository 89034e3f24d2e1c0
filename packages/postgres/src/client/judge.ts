import { WardkeepError } from "@wardkeep/core"
import type { SafeLogger } from "../log.js"
import { foundChanged, lostName } from "./errors.js"
import type { Connection } from "./wire/connection.js"
import type { Unit } from "./wire/unit.js"

interface Court {
  readonly log: SafeLogger
}

/** What an error says about the session it came from: whether it goes on, is destroyed, or forgets a statement. */
export function judge({ log }: Court, { statement, progress }: Unit, connection: Connection, error: unknown): void {
  if (typeof error !== "object" || error === null || !("code" in error)) return
  if (lostName(error)) distrust(log, connection, "a prepared statement was lost or replaced")
  else if (foundChanged(error, progress)) distrust(log, connection, "a setting was changed")
  else if (error.code === "0A000") connection.forget(statement)
}

function distrust(log: SafeLogger, connection: Connection, reason: string): void {
  if (connection.closed) return
  log.warn({ code: "WK109", reason }, "a connection was destroyed")
  connection.destroy(new WardkeepError("WK109", { message: reason }))
}
