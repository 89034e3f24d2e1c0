import type { Wardkeep } from "wardkeep"
import { reviewAccess, unexplained } from "wardkeep/audit"
import { z } from "zod"
import { type Route, route } from "../http/route.js"
import { accountOf } from "../login/actor.js"
import { moment } from "./columns.js"

const reason = z.string().trim().min(1).max(400)
const access = z.object({
  event: z.string(),
  patient: z.string(),
  by: z.string(),
  role: z.string(),
  at: moment,
  verb: z.string(),
  status: z.enum(["open", "explained_later", "legitimate", "not_legitimate", "forwarded"]),
})

/** The privacy officer's: what looked at whom without a reason that stands in the clinic's own tables. */
export function accessRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/accesses",
      summary: "Accesses of the last days that no appointment and no registration explains; the reading is recorded",
      query: z.object({ reason, days: z.coerce.number().int().min(1).max(31).default(7) }),
      reply: z.object({
        accesses: z.array(access),
        explained: z.number(),
        unexplained: z.number(),
        gaps: z.array(z.string()).describe("what this answer cannot know"),
      }),
      async handle({ query: { reason, days } }) {
        // Some seconds ahead: the database's clock says when an access was.
        const to = Date.now() + 10_000
        const from = new Date(to - days * 86_400_000).toISOString()
        const found = await unexplained({ client: wk, from, to: new Date(to).toISOString(), reason })
        const { explained, unexplained: waiting } = found.counts
        const accesses = found.rows.map(({ event, subject, actor, role, at, verb, status }) => {
          return { event, patient: subject, by: accountOf(actor), role, at, verb, status }
        })
        return { accesses, explained, unexplained: waiting, gaps: found.coverage.gaps }
      },
    }),
    route({
      method: "post",
      path: "/accesses/review",
      summary: "Records what somebody else's access to a patient was found to be; once",
      body: z.strictObject({
        event: z.string().max(40),
        patient: z.string().max(40),
        outcome: z.enum(["legitimate", "not_legitimate", "forwarded"]),
        reason,
      }),
      reply: z.object({ review: z.string() }),
      status: 201,
      async handle({ body: { event, patient: subject, outcome, reason } }) {
        return { review: await reviewAccess({ client: wk, of: { event, subject }, outcome, reason }) }
      },
    }),
  ]
}
