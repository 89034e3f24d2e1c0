import "reflect-metadata"
import type { IncomingMessage, Server } from "node:http"
import { Body, Controller, Get, HttpCode, type HttpServer, Module, Post } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { ExpressAdapter } from "@nestjs/platform-express"
import { FastifyAdapter } from "@nestjs/platform-fastify"
import { nestContext, nestErrors } from "@wardkeep/adapters/nestjs"
import type { Application, FrameworkSubject } from "../framework.ts"

/** Decorators are called as functions, so that the test runner needs no setting of its own for them. */
function moduleOf(application: Application) {
  class Patients {
    async list() {
      return await application.list()
    }
    async slow() {
      return await application.slow()
    }
    async create(body: unknown) {
      return await application.create(body)
    }
    async undone(body: unknown) {
      return await application.undone(body)
    }
  }
  const routes = { list: Get("patients"), slow: Get("patients/slow"), create: Post("patients"), undone: Post("undone") }
  for (const [name, route] of Object.entries(routes)) {
    route(Patients.prototype, name, Object.getOwnPropertyDescriptor(Patients.prototype, name)!)
  }
  HttpCode(200)(Patients.prototype, "create", Object.getOwnPropertyDescriptor(Patients.prototype, "create")!)
  for (const name of ["create", "undone"]) Body()(Patients.prototype, name, 0)
  Controller()(Patients)
  class Clinic {}
  Module({ controllers: [Patients] })(Clinic)
  return Clinic
}

interface Answering {
  status(code: number): { send(body: unknown): unknown }
}

const open = (makeAdapter: () => HttpServer) => async (application: Application) => {
  const app = await NestFactory.create(moduleOf(application), makeAdapter() as never, { logger: false })
  app.use(
    nestContext(application.wk, {
      session: (request: IncomingMessage) => application.session(request.headers.cookie),
      scope: (request) => application.scope(request.headers["x-branch"]?.toString()),
    }),
  )
  app.useGlobalFilters(
    nestErrors({
      catch: (_error, host) => host.switchToHttp().getResponse<Answering>().status(500).send({ code: "internal" }),
    }),
  )
  await app.init()
  // Fastify serves only what it was made ready for; Nest waits for it when it listens itself.
  await (app.getHttpAdapter().getInstance() as { ready?(): PromiseLike<unknown> }).ready?.()
  return app.getHttpServer() as Server
}

const common = { library: "@nestjs/core", call: "app.use(nestContext(wk, { session, scope }))" }

export const nestOnExpress: FrameworkSubject = {
  ...common,
  name: "NestJS on Express",
  open: open(() => new ExpressAdapter()),
}

export const nestOnFastify: FrameworkSubject = {
  ...common,
  name: "NestJS on Fastify",
  open: open(() => new FastifyAdapter() as unknown as HttpServer),
}
