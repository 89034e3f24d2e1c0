import { codes, WardkeepError, wardkeepErrorIn } from "@wardkeep/core"
import type { Scope, Session, Wardkeep } from "@wardkeep/postgres"

/** What an adapter of a framework needs of the client. */
export type Runs = Pick<Wardkeep, "run" | "tryContext">

/** Who asks, told from a request. */
export interface Asking<Request> {
  /** The session you kept after your own login. Undefined: nobody is signed in, and every protected read says WK101. */
  session(request: Request): Session | undefined | Promise<Session | undefined>
  /** Which grant and which branch, and a label of this request for the audit log. */
  scope?(request: Request): Scope
}

/**
 * Runs `work` in the caller's context, or without one where nobody is signed in.
 *
 * @throws WK101 nobody is signed in, and the request came within somebody's context · as `wk.run`
 */
export async function inContext<Request, T>(
  wk: Runs,
  asking: Asking<Request>,
  request: Request,
  work: () => Promise<T>,
): Promise<T> {
  const session = await asking.session(request)
  if (session === undefined) {
    // An adapter in front of this one, or a server that was begun inside `run`: its context is not this caller's.
    if (wk.tryContext() !== undefined)
      throw new WardkeepError("WK101", {
        message: "nobody is signed in here, and the request came within another's context",
      })
    return await work()
  }
  return await wk.run(session, asking.scope?.(request) ?? {}, work)
}

/** What is asked of a response, in most frameworks that of Node.js: when it is done with. */
export interface ClosingResponse {
  readonly closed: boolean
  once(event: "close", listener: () => void): unknown
}

/** Goes on with the request, and resolves when its response is done with, sent or hung up on. */
export function untilClosed(response: ClosingResponse, goOn: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve()
    else response.once("close", resolve)
    goOn()
  })
}

/** What a caller is told of a refusal. */
export interface Refusal {
  readonly status: number
  readonly body: { readonly code: string; readonly message: string }
}

/**
 * The answer to a refusal: status, code and title of the catalogue. Undefined for what is no error of Wardkeep's, and for
 * faults of the application (status 500), which are its own to report.
 */
export function refusalIn(error: unknown): Refusal | undefined {
  const found = wardkeepErrorIn(error)
  if (found === undefined || found.http === 500) return undefined
  return { status: found.http, body: { code: found.code, message: codes[found.code].title } }
}
