/**
 * Express 4 and 5: one middleware that opens the caller's context, one that answers Wardkeep's refusals.
 *
 * @module
 */
import { requirePeer } from "../peer.js"
import { type Asking, type ClosingResponse, inContext, type Runs, refusalIn, untilClosed } from "../request.js"

export type { Asking, ClosingResponse, Runs } from "../request.js"

type Next = (error?: unknown) => void

/** What is asked of a response to answer on it. */
export interface AnsweringResponse {
  readonly headersSent: boolean
  status(code: number): { json(body: unknown): unknown }
}

/**
 * Everything behind this middleware runs in the caller's context until the response is closed. Put it where the request
 * is known well enough to tell who asks, and before the routes. What refuses the session goes to the error handlers.
 *
 * @throws WK009 another version of Express than it accepts
 * @example app.use(expressContext(wk, { session: (request: Request) => sessions.get(request.cookies.sid) }))
 */
export function expressContext<Request>(wk: Runs, asking: Asking<Request>) {
  requirePeer("express", { from: [4, 21], below: [6, 0] })
  return (request: Request, response: ClosingResponse, next: Next): void => {
    inContext(wk, asking, request, () => untilClosed(response, next)).catch(next)
  }
}

/**
 * An error handler that answers refusals: status and code of the catalogue, its title as message. Whatever is a fault of
 * the application (status 500) or no error of Wardkeep's goes to the next handler. Put it after the routes.
 *
 * @example app.use(expressErrors())
 */
export function expressErrors() {
  return (error: unknown, _request: unknown, response: AnsweringResponse, next: Next): void => {
    const refusal = response.headersSent ? undefined : refusalIn(error)
    if (refusal === undefined) next(error)
    else response.status(refusal.status).json(refusal.body)
  }
}
