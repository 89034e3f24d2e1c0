import type { Context } from "../context/context.js"
import { selectContext } from "../context/context.js"
import type { Session } from "../context/session.js"
import type { SafeLogger } from "../log.js"
import type { Ask } from "./observe.js"

/** Something that a context was refused. No values: a code, and what PostgreSQL said of objects. */
export interface Refusal {
  /** Of PostgreSQL (42501) or of Wardkeep. */
  readonly code: string
  /** The message, which for these codes names objects only. */
  readonly message: string
  /** The statement's text; empty where the client refused before there was one. */
  readonly text: string
  /** The very array that the call gave as its `reads`, by which a recorder knows calls of its own. */
  readonly reads: readonly string[] | undefined
  /** How many: more than one where they came faster than they could be recorded. */
  readonly n: number
}

/**
 * Is told of what the database or the client refused, on a session apart: what rolls back the statement does not take the record with it.
 * `@wardkeep/audit` has the one that records refusals.
 */
export interface RefusalRecorder {
  refused(refusal: Refusal, ask: Ask): Promise<void>
}

interface Court {
  readonly log: SafeLogger
  askFor(context: Context): Ask
  recording<T>(work: Promise<T>): Promise<T>
}

/**
 * What says that somebody asked for more than they hold. Not among them: a context that has ended (WK101, WK102), in whose
 * name nothing can be recorded.
 */
const codes: ReadonlySet<string> = new Set([
  "42501",
  "WK105",
  "WK107",
  "WK110",
  "WK117",
  "WK204",
  "WK205",
  "WK207",
  "WK412",
  "WK430",
  "WK431",
])
const atOnce = 10

interface Waiting {
  readonly context: Context
  readonly refusal: Refusal
  n: number
}

/** Hands refusals on, one after the other per session, so that a flood of them is a number. */
export class Refusals {
  readonly #recorder: RefusalRecorder | undefined
  readonly #court: Court
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(recorder: RefusalRecorder | undefined, court: Court) {
    this.#recorder = recorder
    this.#court = court
  }

  note(context: Context, error: unknown, text: string, reads?: readonly string[]): void {
    if (this.#recorder === undefined || !(error instanceof Error) || !("code" in error)) return
    const code = String(error.code)
    if (!codes.has(code)) return
    const refusal = { code, message: error.message, text, reads, n: 1 }
    const waiting = this.#waiting.get(context.sessionId)
    if (waiting === undefined) {
      const first = [{ context, refusal, n: 1 }]
      this.#waiting.set(context.sessionId, first)
      void this.#court.recording(this.#record(this.#recorder, context.sessionId, first))
      return
    }
    const last = waiting.at(-1)
    if (waiting.length < atOnce || last === undefined) waiting.push({ context, refusal, n: 1 })
    else last.n++
  }

  /** What `choose` refuses a session is recorded where the session does hold something. */
  chosen<T>(session: Session, choose: () => T): T {
    try {
      return choose()
    } catch (error) {
      const [held] = session.grants
      if (held !== undefined && this.#recorder !== undefined) {
        const { tenant, role, purpose, branches } = held
        const branch = branches[0]
        this.note(selectContext(session, { tenant, role, purpose, ...(branch !== undefined && { branch }) }), error, "")
      }
      throw error
    }
  }

  async #record(recorder: RefusalRecorder, session: string, waiting: Waiting[]): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      try {
        await recorder.refused({ ...next.refusal, n: next.n }, this.#court.askFor(next.context))
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "WK901"
        this.#court.log.warn({ code, reason: next.refusal.code }, "a refusal was not recorded")
      }
    this.#waiting.delete(session)
  }
}
