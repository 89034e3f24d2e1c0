"use server"

import { actorOf } from "@wardkeep/example-express-clinic"
import { reviewBreakGlass, revokeAssignments } from "wardkeep"
import { reviewAccess } from "wardkeep/audit"
import { z } from "zod"
import { act, mustHave } from "../action"
import { wk } from "../context"

const reason = z.string().min(1).max(400)
const outcome = z.enum(["legitimate", "not_legitimate", "forwarded"])

/** What somebody else's access to a patient was found to be; once. */
export const decideAccess = act(async (form, _login, words) => {
  const said = z.object({ event: z.string().max(40), patient: z.string().max(40), outcome, reason }).parse(form)
  const of = { event: said.event, subject: said.patient }
  await reviewAccess({ client: wk, of, outcome: said.outcome, reason: said.reason })
  return words.decided
})

export const reviewEmergency = act(async (form, _login, words) => {
  const verdict = z.enum(["justified", "not_justified"])
  await reviewBreakGlass(wk, z.object({ id: z.uuid(), verdict, note: reason }).parse(form))
  return words.reviewed
})

/** Every role of an account in this clinic; its next request is refused. */
export const withdraw = act(async (form, _login, words) => {
  const said = z.object({ account: z.uuid(), id: z.uuid(), reason }).parse(form)
  const withdrawn = await revokeAssignments(wk, { actor: actorOf(said.account), id: said.id, reason: said.reason })
  mustHave(withdrawn === 0 ? [] : [withdrawn])
  return words.withdrawn
})
