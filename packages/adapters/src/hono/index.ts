/**
 * Hono 4: one middleware that opens the caller's context, one error handler that answers Wardkeep's refusals.
 *
 * @module
 */
import { requirePeer } from "../peer.js"
import { type Asking, inContext, type Runs, refusalIn } from "../request.js"

export type { Asking, Runs } from "../request.js"

/**
 * Everything behind this middleware runs in the caller's context.
 *
 * @throws WK009 another version of Hono than it accepts
 * @example app.use(honoContext(wk, { session: (c: Context) => sessions.get(getCookie(c, "sid")) }))
 */
export function honoContext<Context>(wk: Runs, asking: Asking<Context>) {
  requirePeer("hono", { from: [4, 0], below: [5, 0] })
  return async (context: Context, next: () => Promise<void>): Promise<void> =>
    await inContext(wk, asking, context, next)
}

/**
 * An error handler that answers refusals: status and code of the catalogue, its title as message. Everything else is
 * answered as `otherwise` says.
 *
 * @example app.onError(honoErrors((error, c) => c.text("Something went wrong.", 500)))
 */
export function honoErrors<Context>(otherwise: (error: Error, context: Context) => Response | Promise<Response>) {
  return (error: Error, context: Context): Response | Promise<Response> => {
    const refusal = refusalIn(error)
    if (refusal === undefined) return otherwise(error, context)
    return Response.json(refusal.body, { status: refusal.status })
  }
}
