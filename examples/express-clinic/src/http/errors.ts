import type { ErrorRequestHandler } from "express"
import type { Logger } from "pino"
import { wardkeepErrorIn } from "wardkeep"
import { z } from "zod"
import { ClinicError, sessionEnded } from "./clinic-error.js"

interface Answer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly reason?: string
  /** With `second_factor`: which one, and how old it may be. */
  readonly factor?: "totp"
  readonly maxAgeSeconds?: number
  readonly retryAfter?: number
  readonly fields?: readonly string[]
}

/** SQLSTATEs that the caller can do something about. PostgreSQL's own text may quote values, so it is never passed on. */
const byState: Readonly<Record<string, Answer>> = {
  "22P02": { status: 400, code: "invalid_input", message: "A value has the wrong form." },
  "22007": { status: 400, code: "invalid_input", message: "A date or time has the wrong form." },
  "22003": { status: 400, code: "invalid_input", message: "A number is out of range." },
  "23502": { status: 422, code: "missing_value", message: "A required value is missing." },
  "23503": { status: 422, code: "unknown_reference", message: "Something this refers to does not exist here." },
  "23505": { status: 409, code: "already_exists", message: "This exists already." },
  "23514": { status: 422, code: "invalid_value", message: "A value is not allowed here." },
  // Writing a column that the policy file hides from the role: its view of the table has none to write.
  "0A000": { status: 403, code: "forbidden", message: "Your role may not do that." },
  "42501": { status: 403, code: "forbidden", message: "Your role may not do that." },
}

/** Wardkeep's codes that a user of the API can meet; the rest are faults of ours and stay a plain 500. */
const byWardkeepCode: Readonly<Record<string, Answer>> = {
  WK101: { status: 401, code: "signed_out", message: "Sign in first." },
  WK105: { status: 403, code: "branch_not_yours", message: "That branch is not one of yours." },
  WK106: { status: 400, code: "choose_branch", message: "Choose a branch first: POST /branch." },
  WK111: { status: 504, code: "timeout", message: "This took too long. Try again." },
  WK201: { status: 403, code: "forbidden", message: "Your role may not do that." },
  WK202: { status: 403, code: "assignment_refused", message: "There is no such role or branch here." },
  WK205: { status: 403, code: "other_purpose", message: "Your role may not do that for this purpose." },
  WK206: { status: 403, code: "assignment_refused", message: "This role may not be given or taken away so." },
  WK207: { status: 403, code: "emergency_refused", message: "This emergency was refused." },
  WK230: { status: 403, code: "referral_refused", message: "This referral was refused." },
  WK231: { status: 403, code: "move_refused", message: "This patient cannot be moved so." },
  WK435: { status: 403, code: "forbidden", message: "Your role may not do that." },
  WK436: { status: 403, code: "review_refused", message: "Nobody reviews what they did themselves." },
  WK437: { status: 404, code: "not_found", message: "There is no such access." },
  WK438: { status: 400, code: "invalid_input", message: "Some fields are missing or malformed." },
  WK439: { status: 409, code: "already_exists", message: "This was decided already." },
  WK005: { status: 503, code: "unavailable", message: "The database cannot be reached." },
}

const spoken: ReadonlySet<string> = new Set(["WK206", "WK207", "WK230", "WK231"])

/** Distinct from a login that is over: the session stays, and `POST /me/second-factor` is enough. */
function secondFactor(said: string): Answer {
  const [seconds] = /\d+/.exec(said) ?? []
  return {
    status: 401,
    code: "second_factor",
    reason: "second-factor",
    message: `Enter a new one-time code: the last one must not be older than ${seconds} seconds.`,
    factor: "totp",
    maxAgeSeconds: Number(seconds),
  }
}

export function answerFor(error: unknown): Answer {
  if (error instanceof ClinicError) {
    return { status: error.status, code: error.code, message: error.message, ...error.extra }
  }
  if (error instanceof z.ZodError) {
    const fields = error.issues.map(({ path }) => path.map(String).join("."))
    return { status: 400, code: "invalid_input", message: "Some fields are missing or malformed.", fields }
  }
  const refusal = wardkeepErrorIn(error)
  const code = refusal?.code ?? codeOf(error)
  // The database says which; its words hold no value of a row.
  if (code === "WK102") return answerFor(sessionEnded(/expired/.test(refusal?.message ?? "") ? "expired" : "withdrawn"))
  // Its words say how recent.
  if (code === "WK204") return secondFactor(refusal?.message ?? "")
  const known = byWardkeepCode[code] ?? byState[code] ?? parserFault(error)
  // Wardkeep's own words, without values: what is missing in an assignment.
  if (known !== undefined && refusal !== undefined && spoken.has(code)) return { ...known, message: refusal.message }
  return known ?? { status: 500, code: "internal", message: "Something went wrong. Give the request id to support." }
}

export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error, request, response, _next) => {
    const { status, retryAfter, ...body } = answerFor(error)
    const requestId = String(response.locals.requestId)
    if (status >= 500)
      log.error({ requestId, method: request.method, code: codeOf(error), err: error }, "request failed")
    if (retryAfter !== undefined) response.set("retry-after", String(retryAfter))
    response.status(status).json({ ...body, requestId })
  }
}

/** The code of an error, or of what caused it: ORMs wrap what PostgreSQL said. */
function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return ""
  if ("code" in error && typeof error.code === "string") return error.code
  return "cause" in error ? codeOf(error.cause) : ""
}

/** body-parser's own refusals: not JSON, or too long. */
function parserFault(error: unknown): Answer | undefined {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined
  if (typeof status !== "number" || status < 400 || status > 499) return undefined
  return { status, code: "invalid_request", message: "The request could not be read." }
}
