/**
 * Fastify 5: one hook that opens the caller's context, one error handler that answers Wardkeep's refusals.
 *
 * @module
 */
import { requirePeer } from "../peer.js"
import { type Asking, type ClosingResponse, inContext, type Runs, refusalIn, untilClosed } from "../request.js"

export type { Asking, ClosingResponse, Runs } from "../request.js"

/** What is asked of a reply: when its connection is done with. */
export interface ClosingReply {
  readonly raw: ClosingResponse
}

/** What is asked of a reply to answer on it. */
export interface AnsweringReply {
  status(code: number): { send(body: unknown): unknown }
  send(body: unknown): unknown
}

/**
 * An `onRequest` hook: everything after it runs in the caller's context until the response is closed.
 *
 * @throws WK009 another version of Fastify than it accepts
 * @example app.addHook("onRequest", fastifyContext(wk, { session: (request: FastifyRequest) => sessions.get(request) }))
 */
export function fastifyContext<Request>(wk: Runs, asking: Asking<Request>) {
  requirePeer("fastify", { from: [5, 0], below: [6, 0] })
  return (request: Request, { raw }: ClosingReply, done: (error?: Error) => void): void => {
    inContext(wk, asking, request, () => untilClosed(raw, done)).catch(done)
  }
}

/**
 * An error handler that answers refusals: status and code of the catalogue, its title as message. Everything else is
 * answered as `otherwise` does, or as Fastify does.
 *
 * @example app.setErrorHandler(fastifyErrors())
 */
export function fastifyErrors<Request, Reply extends AnsweringReply>(
  otherwise: (error: unknown, request: Request, reply: Reply) => unknown = (error, _request, reply) =>
    reply.send(error),
) {
  // Fastify waits for what is returned, sends it where nothing was sent, and answers a rejection.
  return (error: unknown, request: Request, reply: Reply): unknown => {
    const refusal = refusalIn(error)
    if (refusal === undefined) return otherwise(error, request, reply)
    return reply.status(refusal.status).send(refusal.body)
  }
}
