import type { Wardkeep } from "wardkeep"
import { z } from "zod"
import { oneRow } from "../http/clinic-error.js"
import { done, type Route, route } from "../http/route.js"

export function publicRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/health",
      summary: "Whether the process answers",
      access: "public",
      reply: done,
      handle: async () => ({ ok: true }),
    }),
    route({
      method: "get",
      path: "/clinics/:slug",
      summary: "A clinic's public page, before anybody signed in",
      access: "public",
      params: z.object({ slug: z.string().regex(/^[a-z0-9-]{3,40}$/) }),
      reply: z.object({ id: z.uuid(), name: z.string(), city: z.string() }),
      // A look-up of the policy file: the only way to read a row without a context, one row and three columns of it.
      handle: async ({ params }) => oneRow(await wk.lookup("clinic_by_slug", params.slug), "clinic"),
    }),
  ]
}
