"use server"

import { redirect } from "next/navigation"
import { declareBreakGlass } from "wardkeep"
import { z } from "zod"
import { act } from "../action"
import { wk } from "../context"
import { parts } from "../parts"

const declaration = z.object({
  branch: z.uuid(),
  subject: z.uuid(),
  reason: z.string().max(40),
  explanation: z.string().min(1).max(400),
  minutes: z.coerce.number().int().min(1).max(1440),
})

/** Committed before anything opens: the issuer, on its own connection, sees only what is on record. */
export const declare = act(async (form, { session, emergencies }) => {
  const id = await declareBreakGlass(wk, declaration.parse(form))
  emergencies.set(id, await parts.issuer.openBreakGlass({ id, session }))
  redirect(`/emergency/${id}`)
})
