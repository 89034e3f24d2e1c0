import { grantAssignment, listAssignments, revokeAssignments, type Wardkeep } from "wardkeep"
import { z } from "zod"
import { notFound } from "../http/clinic-error.js"
import { byId, type Route, route } from "../http/route.js"
import { accountOf, actorOf } from "../login/actor.js"
import { moment } from "./columns.js"

const reason = z.string().trim().min(1).max(200)
const assigned = z.object({
  account: z.string(),
  role: z.string(),
  branch: z.string().nullable(),
  from: moment,
  until: moment.nullable(),
  reason: z.string(),
  granted_by: z.string(),
  withdrawn: z.string().nullable().describe("why, or null"),
})

/** Who holds which role. The policy file says who may grant what; the database asks, and writes down by whom and why. */
export function teamRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/team",
      summary: "Your own assignments, and those that you may grant",
      reply: z.object({ assignments: z.array(assigned) }),
      async handle() {
        const found = await listAssignments(wk)
        return {
          assignments: found.map((one) => ({
            account: accountOf(one.actor),
            role: one.role,
            branch: one.branch,
            from: one.valid_from,
            until: one.valid_until,
            reason: one.reason,
            granted_by: accountOf(one.granted_by),
            withdrawn: one.revoke_reason,
          })),
        }
      },
    }),
    route({
      method: "post",
      path: "/team",
      summary: "Gives somebody with an account a role in one of your branches, from their next login on",
      body: z.strictObject({
        account: z.uuid(),
        role: z.string().max(60),
        branch: z.uuid(),
        until: z.iso.datetime().optional(),
        reason,
      }),
      reply: z.object({ id: z.uuid() }),
      status: 201,
      async handle({ body: { account, branch, until, ...body } }) {
        const end = until === undefined ? {} : { validUntil: new Date(until) }
        return { id: await grantAssignment(wk, { ...body, ...end, actor: actorOf(account), scope: { branch } }) }
      },
    }),
    route({
      method: "post",
      path: "/team/:id/withdraw",
      summary: "Takes every role of an account in this clinic away; its next request is refused",
      params: byId,
      body: z.strictObject({ reason }),
      reply: z.object({ withdrawn: z.int() }),
      async handle({ params, body }) {
        const withdrawn = await revokeAssignments(wk, { actor: actorOf(params.id), reason: body.reason })
        if (withdrawn === 0) throw notFound("person")
        return { withdrawn }
      },
    }),
  ]
}
