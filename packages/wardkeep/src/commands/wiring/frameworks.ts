import type { Imported, Part } from "./source.js"

/** A framework for HTTP. */
export interface Framework {
  readonly title: string
  /** One of them in package.json is how it is recognised. */
  readonly packages: readonly string[]
  readonly imports: readonly Imported[]
  /** What opens the caller's context and answers refusals, with `wk`, `sessions` and `idOf` above it. */
  readonly context: Part
  /** What only the application's author can do with that, one step each. */
  readonly steps: readonly string[]
}

/** In the order in which they are looked for: NestJS stands on Express or Fastify. */
export const frameworks = {
  next: {
    title: "Next",
    packages: ["next"],
    imports: [
      { from: "next/headers", names: ["cookies", "headers"] },
      { from: "wardkeep/next", names: ["nextContext", "nextStore"] },
    ],
    context:
      () => `/** Around every page, route handler and server action that reads: \`clinic.component\`, \`clinic.route\`, \`clinic.action\`. */
export const clinic = nextContext(wk, {
  store,
  session: async () => sessions.get((await cookies()).get("sid")?.value ?? ""),
})
`,
    steps: ["clinic.component around pages, clinic.route around route handlers, clinic.action around server actions"],
  },
  nestjs: {
    title: "NestJS",
    packages: ["@nestjs/core"],
    imports: [
      { from: "node:http", types: ["IncomingMessage"] },
      { from: "@nestjs/common", types: ["INestApplication"] },
      { from: "@nestjs/core", names: ["BaseExceptionFilter"] },
      { from: "wardkeep/nestjs", names: ["nestContext", "nestErrors"] },
    ],
    context: (type) => `/** Before the application listens: \`app.use(inContext)\`. */
export const inContext = nestContext(wk, {
  session: (request${type(": IncomingMessage")}) => sessions.get(idOf(request.headers.cookie)),
})
/** Before the application listens: \`app.useGlobalFilters(refusals(app))\`. */
export const refusals = (app${type(": INestApplication")}) => nestErrors(new BaseExceptionFilter(app.getHttpAdapter()))
`,
    steps: ["app.use(inContext) and app.useGlobalFilters(refusals(app)) where the application is made"],
  },
  fastify: {
    title: "Fastify",
    packages: ["fastify"],
    imports: [
      { from: "fastify", types: ["FastifyRequest"] },
      { from: "wardkeep/fastify", names: ["fastifyContext", "fastifyErrors"] },
    ],
    context: (type) => `/** Before your routes: \`app.addHook("onRequest", inContext)\`. */
export const inContext = fastifyContext(wk, {
  session: (request${type(": FastifyRequest")}) => sessions.get(idOf(request.headers.cookie)),
})
/** \`app.setErrorHandler(refusals)\`. */
export const refusals = fastifyErrors()
`,
    steps: ['app.addHook("onRequest", inContext) and app.setErrorHandler(refusals) before your routes'],
  },
  hono: {
    title: "Hono",
    packages: ["hono"],
    imports: [
      { from: "hono", types: ["Context"] },
      { from: "hono/http-exception", names: ["HTTPException"] },
      { from: "wardkeep/hono", names: ["honoContext", "honoErrors"] },
    ],
    context: (type) => `/** Before your routes: \`app.use(inContext)\`. */
export const inContext = honoContext(wk, { session: (c${type(": Context")}) => sessions.get(idOf(c.req.header("cookie"))) })
/** \`app.onError(refusals)\`. What is no refusal is answered here as Hono does. */
export const refusals = honoErrors((error, c${type(": Context")}) => {
  if (error instanceof HTTPException) return error.getResponse()
  console.error(error)
  return c.text("Internal Server Error", 500)
})
`,
    steps: ["app.use(inContext) before your routes, app.onError(refusals)"],
  },
  express: {
    title: "Express",
    packages: ["express"],
    imports: [
      { from: "express", types: ["Request"] },
      { from: "wardkeep/express", names: ["expressContext", "expressErrors"] },
    ],
    context: (type) => `/** Before your routes: \`app.use(inContext)\`. */
export const inContext = expressContext(wk, {
  session: (request${type(": Request")}) => sessions.get(idOf(request.headers.cookie)),
})
/** Behind your routes: \`app.use(refusals)\`. */
export const refusals = expressErrors()
`,
    steps: ["app.use(inContext) before your routes, app.use(refusals) behind them"],
  },
} as const satisfies Readonly<Record<string, Framework>>

export type FrameworkName = keyof typeof frameworks

/** Where none of them is. */
export const noFramework: Framework = {
  title: "no framework",
  packages: [],
  imports: [{ from: "wardkeep", names: ["WardkeepError"] }],
  context: (
    type,
  ) => `/** Around the work of one request. What is refused says what to answer: \`wardkeepErrorIn(error)?.http\` of \`wardkeep\`. */
export async function inContext${type("<T>")}(cookie${type(": string | undefined")}, work${type(": () => Promise<T>")})${type(": Promise<T>")} {
  const session = sessions.get(idOf(cookie))
  if (session === undefined) throw new WardkeepError("WK101")
  return await wk.run(session, work)
}
`,
  steps: ["await inContext(request.headers.cookie, work) around the work of each request"],
}
