import { declareBreakGlass, openReviews, reviewBreakGlass } from "wardkeep"
import { z } from "zod"
import { ClinicError, notFound } from "../http/clinic-error.js"
import { byId, done, type Route, route } from "../http/route.js"
import { accountOf } from "../login/actor.js"
import { moment } from "./columns.js"
import { type LoginParts, signedIn } from "./me.js"
import { openedPatient, readOpened } from "./opened.js"

const declaration = z.strictObject({
  branch: z.uuid(),
  patient: z.uuid(),
  reason: z.string().max(40).describe("a code of the policy file"),
  explanation: z.string().trim().min(1).max(400),
  minutes: z.int().min(1).max(1440).describe("no more than the policy file says"),
})
const waiting = z.object({
  id: z.uuid(),
  branch: z.uuid(),
  patient: z.uuid(),
  reason: z.string(),
  explanation: z.string(),
  declared_by: z.string(),
  declared_at: moment,
})

const over = (): ClinicError =>
  new ClinicError(403, "emergency_over", "This emergency is over: its minutes have passed, or it was reviewed.")

export function emergencyRoutes(parts: LoginParts): Route[] {
  return [...inAnEmergency(parts), ...reviews(parts)]
}

function inAnEmergency({ wk, issuer }: LoginParts): Route[] {
  return [
    route({
      method: "post",
      path: "/emergencies",
      summary: "Opens one patient of another branch for minutes; recorded first, and reviewed by somebody else",
      body: declaration,
      reply: z.object({ id: z.uuid(), until: moment }),
      status: 201,
      async handle({ body: { patient: subject, ...declared }, login }) {
        const { session, emergencies } = signedIn(login)
        // Committed before anything opens: the issuer, on its own connection, sees only what is on record.
        const id = await declareBreakGlass(wk, { ...declared, subject })
        const opened = await issuer.openBreakGlass({ id, session })
        emergencies.set(id, opened)
        return { id, until: opened.expiresAt }
      },
    }),
    route({
      method: "get",
      path: "/emergencies/:id/patients/:patient",
      summary: "The one patient of an emergency that you opened, with notes",
      params: byId.extend({ patient: z.uuid() }),
      reply: openedPatient,
      async handle({ params, login, response }) {
        const opened = signedIn(login).emergencies.get(params.id)
        if (opened === undefined) throw notFound("emergency")
        const requestId = String(response.locals.requestId)
        return readOpened(wk, { session: opened, patient: params.patient, requestId, over })
      },
    }),
  ]
}

function reviews({ wk }: LoginParts): Route[] {
  return [
    route({
      method: "get",
      path: "/emergencies",
      summary: "Emergencies in your branches that wait for a review",
      reply: z.object({ emergencies: z.array(waiting) }),
      async handle() {
        const open = await openReviews(wk)
        return {
          emergencies: open.map(({ id, branch, subject, reason, explanation, declared_by, declared_at }) => ({
            id,
            branch,
            patient: subject,
            reason,
            explanation,
            declared_by: accountOf(declared_by),
            declared_at,
          })),
        }
      },
    }),
    route({
      method: "post",
      path: "/emergencies/:id/review",
      summary: "Reviews somebody else's emergency, which ends it",
      params: byId,
      body: z.strictObject({
        verdict: z.enum(["justified", "not_justified"]),
        note: z.string().trim().min(1).max(400),
      }),
      reply: done,
      async handle({ params, body }) {
        await reviewBreakGlass(wk, { id: params.id, ...body })
        return { ok: true }
      },
    }),
  ]
}
