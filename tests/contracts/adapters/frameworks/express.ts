import { createServer } from "node:http"
import { createRequire } from "node:module"
import { expressContext, expressErrors } from "@wardkeep/adapters/express"
import express, { type Request } from "express"
import type { Application, FrameworkSubject } from "../framework.ts"

type Make = typeof express

const open = (make: Make) => (application: Application) => {
  const app = make()
  app.use(
    expressContext(application.wk, {
      session: (request: Request) => application.session(request.headers.cookie),
      scope: (request) => application.scope(request.get("x-branch")),
    }),
  )
  app.use(make.json({ limit: "1mb" }))
  app.get("/patients", async (_request, response, next) => {
    await application.list().then((rows) => response.json(rows), next)
  })
  app.get("/patients/slow", async (_request, response, next) => {
    await application.slow().then((rows) => response.json(rows), next)
  })
  app.post("/patients", async (request, response, next) => {
    await application.create(request.body).then((rows) => response.json(rows), next)
  })
  app.post("/undone", async (request, response, next) => {
    await application.undone(request.body).then((rows) => response.json(rows), next)
  })
  app.use(expressErrors())
  app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(500).json({ code: "internal" })
  })
  return createServer(app)
}

const call = "app.use(expressContext(wk, { session, scope }))"

export const express5: FrameworkSubject = { name: "Express 5", library: "express", call, open: open(express) }

export const express4: FrameworkSubject = {
  name: "Express 4",
  library: "express4",
  call,
  open: open(createRequire(import.meta.url)("express4") as Make),
  notes: ["Express 4 does not pass on the rejection of an `async` handler: `catch(next)` as before."],
}
