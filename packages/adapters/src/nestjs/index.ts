/**
 * NestJS 12 over HTTP, on Express or on Fastify: one middleware that opens the caller's context, one exception filter
 * that answers Wardkeep's refusals. WebSocket gateways and microservices have no such request and are not covered.
 *
 * @module
 */
import { requirePeer } from "../peer.js"
import { type Asking, type ClosingResponse, inContext, type Runs, refusalIn, untilClosed } from "../request.js"

export type { Asking, ClosingResponse, Runs } from "../request.js"

/** What is asked of Nest's `ArgumentsHost`. */
export interface AnsweringHost {
  getType(): string
  switchToHttp(): { getResponse<T>(): T }
}

/** What is asked of an exception filter, Nest's own `BaseExceptionFilter` for one. */
export interface Filter<Host extends AnsweringHost> {
  catch(error: unknown, host: Host): unknown
}

/** Express says `headersSent`, Fastify `sent`. */
interface Response {
  readonly headersSent?: boolean
  readonly sent?: boolean
  status(code: number): { send(body: unknown): unknown }
}

/**
 * Guards, interceptors, pipes and handlers run in the caller's context until the response is closed. On Fastify, the
 * request that tells who asks is the one of Node.js, as in every middleware of Nest. What refuses the session goes to
 * the exception filters.
 *
 * @throws WK009 another version of Nest than it accepts
 * @example app.use(nestContext(wk, { session: (request: IncomingMessage) => sessions.get(request.headers.cookie) }))
 */
export function nestContext<Request>(wk: Runs, asking: Asking<Request>) {
  requirePeer("@nestjs/core", { from: [12, 0], below: [13, 0] })
  return (request: Request, response: ClosingResponse, next: (error?: unknown) => void): void => {
    inContext(wk, asking, request, () => untilClosed(response, next)).catch(next)
  }
}

/**
 * An exception filter that answers refusals: status and code of the catalogue, its title as message. Everything else,
 * faults of the application among it, is answered as `otherwise` does.
 *
 * @example app.useGlobalFilters(nestErrors(new BaseExceptionFilter(app.getHttpAdapter())))
 */
export function nestErrors<Host extends AnsweringHost>(otherwise: Filter<Host>): Filter<Host> {
  return {
    catch(error, host) {
      const refusal = host.getType() === "http" ? refusalIn(error) : undefined
      if (refusal === undefined) return otherwise.catch(error, host)
      const response = host.switchToHttp().getResponse<Response>()
      if (response.headersSent === true || response.sent === true) return otherwise.catch(error, host)
      return response.status(refusal.status).send(refusal.body)
    },
  }
}
