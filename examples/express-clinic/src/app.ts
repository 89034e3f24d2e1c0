import { randomUUID } from "node:crypto"
import express, { type Express, type Request, type RequestHandler } from "express"
import helmet from "helmet"
import type { Logger } from "pino"
import type { Issuer, Wardkeep } from "wardkeep"
import { expressContext } from "wardkeep/express"
import { sessionEnded, signedOut } from "./http/clinic-error.js"
import { sessionCookie } from "./http/cookie.js"
import { answerFor, errorHandler } from "./http/errors.js"
import { refusal } from "./http/permission.js"
import type { Route } from "./http/route.js"
import type { Accounts } from "./login/accounts.js"
import { attemptLimit } from "./login/attempts.js"
import { signIn } from "./login/sign-in.js"
import { type LoginStore, loginStore, steadyClock } from "./login/store.js"
import { pages } from "./pages/index.js"
import type { RecordsOffice } from "./pages/office.js"
import { allRoutes } from "./routes/index.js"

export interface AppParts {
  readonly wk: Wardkeep
  readonly issuer: Issuer
  readonly accounts: Accounts
  readonly log: Logger
  /** Milliseconds since 1970; tests pass one they can move. */
  readonly clock?: () => number
  /** Off only for plain HTTP on this machine. */
  readonly secureCookies?: boolean
  /** For answers to hand over and for destroying; without it the desk's page names the command. */
  readonly office?: RecordsOffice
}

/** The whole API. Nothing below knows about tenants: the context is set here, and the database does the rest. */
export function createApp(parts: AppParts): Express {
  const { wk, issuer, log, clock = Date.now, secureCookies = true } = parts
  const logins = loginStore(parts.clock ?? steadyClock)
  const attempts = attemptLimit(parts.clock ?? steadyClock)
  const login = {
    wk,
    issuer,
    logins,
    secureCookies,
    clock,
    signIn: signIn({ accounts: parts.accounts, issuer, attempts, clock }),
  }
  const routes = allRoutes(login)
  const app = express()
  app.disable("x-powered-by")
  app.use(helmet())
  app.use((request, response, next) => {
    const requestId = randomUUID()
    const started = performance.now()
    response.locals.requestId = requestId
    response.set("x-request-id", requestId)
    response.set("cache-control", "no-store")
    response.on("finish", () => {
      const ms = Math.round(performance.now() - started)
      // The route's pattern, not the address: addresses hold names that were searched for.
      log.info({
        requestId,
        method: request.method,
        route: String(request.route?.path ?? ""),
        status: response.statusCode,
        ms,
      })
    })
    next()
  })
  app.use(express.json({ limit: "64kb" }))
  const idle = new Set<string>()
  app.use(async (_request, _response, next) => {
    // Idle is over in the database too: the token is refused, and the list of open sessions does not show it.
    for (const id of logins.sweep()) idle.add(id)
    for (const id of idle) {
      try {
        await issuer.endSession(id, "idle for too long")
        idle.delete(id)
      } catch (error) {
        // Not this caller's trouble: their browser knows nothing of it, and the next request tries again.
        log.warn({ err: error }, "an idle session could not be ended")
        break
      }
    }
    next()
  })
  app.use("/pages", pages({ ...login, log, office: parts.office }))
  for (const route of routes) mount(app, route, { wk, logins, clock })
  app.use((_request, response) => {
    response
      .status(404)
      .json({ code: "no_route", message: "There is no such address.", requestId: response.locals.requestId })
  })
  app.use(errorHandler(log))
  return app
}

interface Mounted {
  readonly wk: Wardkeep
  readonly logins: LoginStore
  readonly clock: () => number
}

/** The caller's context around each route that needs one: every statement of the handler, and of whatever it calls. */
function mount(app: Express, route: Route, { wk, logins, clock }: Mounted): void {
  const loginOf = (request: Request) => logins.open(sessionCookie(request.headers.cookie))
  const inContext = expressContext(wk, {
    session: (request: Request) => loginOf(request)?.session,
    scope: (request) => {
      const branch = loginOf(request)?.branch
      return { requestId: String(request.res?.locals.requestId), ...(branch !== undefined && { branch }) }
    },
  })
  const before: RequestHandler[] = route.access === "public" ? [] : [inContext]
  app[route.method](route.path, ...before, async (request, response) => {
    const login = loginOf(request)
    if (route.access !== "public") {
      if (login === undefined) throw signedOut()
      // For what is answered without the database; it refuses the rest by its own clock.
      if (clock() >= Date.parse(login.session.expiresAt)) throw sessionEnded("expired")
    }
    response.status(route.status)
    try {
      const answer = await route.handle(request, response, login)
      // What left as a file was sent by its route.
      if (!response.headersSent) response.json(answer)
    } catch (error) {
      const { does } = route
      if (does === undefined || login === undefined || answerFor(error).code !== "forbidden") throw error
      throw refusal(login, does, request.body, new Date(clock()))
    }
  })
}
