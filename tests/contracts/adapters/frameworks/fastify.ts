import { fastifyContext, fastifyErrors } from "@wardkeep/adapters/fastify"
import fastify, { type FastifyReply, type FastifyRequest } from "fastify"
import type { FrameworkSubject } from "../framework.ts"

export const fastify5: FrameworkSubject = {
  name: "Fastify",
  library: "fastify",
  call: 'app.addHook("onRequest", fastifyContext(wk, { session, scope }))',
  open: async (application) => {
    const app = fastify({ bodyLimit: 1_000_000 })
    app.addHook(
      "onRequest",
      fastifyContext(application.wk, {
        session: (request: FastifyRequest) => application.session(request.headers.cookie),
        scope: (request) => application.scope(request.headers["x-branch"]?.toString()),
      }),
    )
    app.setErrorHandler(
      fastifyErrors<FastifyRequest, FastifyReply>((_error, _request, reply) =>
        reply.status(500).send({ code: "internal" }),
      ),
    )
    app.get("/patients", async () => await application.list())
    app.get("/patients/slow", async () => await application.slow())
    app.post("/patients", async (request) => await application.create(request.body))
    app.post("/undone", async (request) => await application.undone(request.body))
    await app.ready()
    return app.server
  },
  notes: [
    "Tried on Node.js 20 with light-my-request 6.6, a part of Fastify: from 6.8 on it brings a package that states Node.js 22.",
  ],
}
