import { wardkeepErrorIn } from "wardkeep"
import { z } from "zod"
import { clinicErrorIn } from "./clinic-error"

/** SQLSTATEs that somebody at a screen can do something about. PostgreSQL's own text may quote values, and is never shown. */
const byState: Readonly<Record<string, string>> = {
  "22P02": "invalid_input",
  "22007": "invalid_input",
  "22003": "invalid_input",
  "23502": "invalid_input",
  "23503": "not_found",
  "23505": "already_exists",
  "23514": "invalid_input",
  "0A000": "forbidden",
  "42501": "forbidden",
}

/** What went wrong, by the name under which the console has words for it. */
export function codeOf(error: unknown): string {
  if (error instanceof z.ZodError) return "invalid_input"
  const said = clinicErrorIn(error)
  if (said !== undefined) return said.code
  const known = wardkeepErrorIn(error)?.code
  if (known !== undefined) return known
  const state = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  return byState[state] ?? "internal"
}

const statuses: Readonly<Record<string, number>> = { not_found: 404, forbidden: 403, invalid_input: 400 }

/** What a route handler answers to a refusal of PostgreSQL's own. Throws what is none. */
export function refusedBy(error: unknown): Response {
  const code = codeOf(error)
  const status = statuses[code]
  if (status === undefined) throw error
  return Response.json({ code }, { status })
}
