import { listReferrals, movePatient, referPatient, withdrawReferral } from "wardkeep"
import { z } from "zod"
import { ClinicError, notFound, oneRow } from "../http/clinic-error.js"
import { byId, done, type Route, route } from "../http/route.js"
import { accountOf } from "../login/actor.js"
import { moment } from "./columns.js"
import { type LoginParts, signedIn } from "./me.js"
import { openedPatient, readOpened } from "./opened.js"

const records = z.array(z.enum(["patient", "clinical_note", "prescription", "lab_result"])).min(1)
const asked = z.strictObject({
  to: z.uuid().describe("a branch of the same clinic"),
  records,
  until: z.iso.datetime().describe("no later than the policy file says"),
  basis: z.string().max(40).describe("a code of the policy file"),
})
const listed = z.object({
  id: z.uuid(),
  from: z.uuid(),
  to: z.uuid(),
  patient: z.uuid(),
  records: z.array(z.string()),
  basis: z.string(),
  referred_by: z.string(),
  until: moment,
  opened: z.boolean(),
  ended: z.string().nullable().describe("why, or null"),
})

const over = (): ClinicError =>
  new ClinicError(403, "referral_over", "This referral is over: its time has passed, or it was withdrawn.")

export function referralRoutes(parts: LoginParts): Route[] {
  return [...making(parts), ...inAReferral(parts), moving(parts)]
}

function making({ wk }: LoginParts): Route[] {
  return [
    route({
      method: "post",
      path: "/patients/:id/referrals",
      summary: "Refers a patient of your branch to another branch: the named records, until then",
      params: byId,
      body: asked,
      reply: z.object({ id: z.uuid() }),
      status: 201,
      async handle({ params, body: { until, records: tables, ...body } }) {
        const found = await wk.query<{ branch_id: string }>("select branch_id from patient where id = $1", [params.id])
        const from = oneRow(found.rows, "patient").branch_id
        const named = { records: tables.map((table) => `public.${table}`), until: new Date(until) }
        return { id: await referPatient(wk, { ...body, ...named, subject: params.id, from }) }
      },
    }),
    route({
      method: "get",
      path: "/referrals",
      summary: "Referrals from and to your branches, ended ones too",
      reply: z.object({ referrals: z.array(listed) }),
      async handle() {
        const found = await listReferrals(wk)
        return {
          referrals: found.map((one) => ({
            id: one.id,
            from: one.from_branch,
            to: one.to_branch,
            patient: one.subject,
            records: one.records.map((name) => name.replace(/^public\./, "")),
            basis: one.basis,
            referred_by: accountOf(one.referred_by),
            until: one.valid_until,
            opened: one.opened_at !== null,
            ended: one.end_reason,
          })),
        }
      },
    }),
    route({
      method: "post",
      path: "/referrals/:id/withdraw",
      summary: "Withdraws a referral of your branch; the next request of whoever opened it is refused",
      params: byId,
      body: z.strictObject({ reason: z.string().trim().min(1).max(200) }),
      reply: done,
      async handle({ params, body }) {
        await withdrawReferral(wk, { id: params.id, ...body })
        return { ok: true }
      },
    }),
  ]
}

function inAReferral({ wk, issuer }: LoginParts): Route[] {
  return [
    route({
      method: "post",
      path: "/referrals/:id/open",
      summary: "Opens a referral to your branch, beside your own patients",
      params: byId,
      reply: z.object({ until: moment }),
      async handle({ params, login }) {
        const { session, referrals } = signedIn(login)
        const opened = await issuer.openReferral({ id: params.id, session })
        referrals.set(params.id, opened)
        return { until: opened.expiresAt }
      },
    }),
    route({
      method: "get",
      path: "/referrals/:id/patients/:patient",
      summary: "The one patient of a referral that you opened, with notes as far as they were referred",
      params: byId.extend({ patient: z.uuid() }),
      reply: openedPatient,
      async handle({ params, login, response }) {
        const opened = signedIn(login).referrals.get(params.id)
        if (opened === undefined) throw notFound("referral")
        const requestId = String(response.locals.requestId)
        return readOpened(wk, { session: opened, patient: params.patient, requestId, over })
      },
    }),
  ]
}

function moving({ wk }: LoginParts): Route {
  return route({
    method: "post",
    path: "/patients/:id/move",
    summary: "Moves a patient, with all that hangs on it, from one branch of yours to another; referrals of it end",
    params: byId,
    body: z.strictObject({ from: z.uuid(), to: z.uuid(), reason: z.string().trim().min(1).max(200) }),
    reply: z.object({ id: z.uuid() }),
    async handle({ params, body }) {
      return { id: await movePatient(wk, { ...body, subject: params.id }) }
    },
  })
}
