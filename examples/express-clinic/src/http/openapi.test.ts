import type { Express } from "express"
import pino from "pino"
import { expect, test } from "vitest"
import type { Issuer, Wardkeep } from "wardkeep"
import { createApp } from "../app.js"
import { allRoutes } from "../routes/index.js"
import { openApi } from "./openapi.js"

/** Routes are only listed here, so what they would call is never touched. */
const unused = new Proxy({}, { get: () => unused, apply: () => unused }) as never
const wk: Wardkeep = Object.assign(Object.create(null), {
  pool: { query: () => undefined, connect: () => undefined },
}) as Wardkeep
const issuer: Issuer = unused
const parts = { wk, issuer, logins: unused, signIn: unused, secureCookies: false, clock: Date.now }

const mounted = (app: Express): string[] =>
  app.router.stack.flatMap(({ route }) =>
    // The middleware that opens the context stands in the same stack as the handler.
    route === undefined ? [] : [...new Set(route.stack.map(({ method }) => `${method} ${route.path}`))],
  )

test("every route that the server has is in the document, and nothing else", () => {
  const app = createApp({ wk, issuer, accounts: unused, log: pino({ level: "silent" }) })
  const { paths } = openApi(allRoutes(parts)) as { paths: Record<string, Record<string, unknown>> }
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
  )
  expect(documented.sort()).toEqual(mounted(app).sort())
})

test("every operation says what it takes, what it gives and whether it needs a session", () => {
  const { openapi, paths } = openApi(allRoutes(parts)) as {
    openapi: string
    paths: Record<string, Record<string, unknown>>
  }
  expect(openapi).toBe("3.1.0")
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    expect(operation).toMatchObject({
      summary: expect.any(String),
      security: expect.any(Array),
      responses: { default: expect.anything() },
    })
  }
  expect(paths["/patients/{id}"]).toMatchObject({ get: { parameters: [{ name: "id", in: "path", required: true }] } })
})
