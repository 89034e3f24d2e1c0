import type { Server } from "node:http"
import { createAdaptorServer } from "@hono/node-server"
import { honoContext, honoErrors } from "@wardkeep/adapters/hono"
import { type Context, Hono } from "hono"
import type { FrameworkSubject } from "../framework.ts"

export const hono4: FrameworkSubject = {
  name: "Hono",
  library: "hono",
  call: "app.use(honoContext(wk, { session, scope }))",
  open: (application) => {
    const app = new Hono()
    app.use(
      honoContext(application.wk, {
        session: (c: Context) => application.session(c.req.header("cookie")),
        scope: (c) => application.scope(c.req.header("x-branch")),
      }),
    )
    app.onError(honoErrors((_error, c: Context) => c.json({ code: "internal" }, 500)))
    app.get("/patients", async () => Response.json(await application.list()))
    app.get("/patients/slow", async () => Response.json(await application.slow()))
    app.post("/patients", async (c) => Response.json(await application.create(await c.req.json())))
    app.post("/undone", async (c) => Response.json(await application.undone(await c.req.json())))
    return createAdaptorServer({ fetch: app.fetch }) as Server
  },
}
