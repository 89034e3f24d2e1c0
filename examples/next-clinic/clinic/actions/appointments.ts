"use server"

import { z } from "zod"
import { act, mustHave } from "../action"
import { wk } from "../context"

const booking = z.object({
  patient_id: z.uuid(),
  starts_at: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/),
  reason: z.string().min(1).max(200),
})
const standing = z.object({ id: z.uuid(), status: z.enum(["booked", "arrived", "done", "cancelled"]) })

export const book = act(async (form, _login, words) => {
  const { patient_id, starts_at, reason } = booking.parse(form)
  await wk.query(
    `insert into appointment (patient_id, starts_at, reason)
     select $1, $2::timestamp at time zone 'Asia/Kolkata', $3`,
    [patient_id, starts_at, reason],
  )
  return words.booked
})

export const setAppointment = act(async (form, _login, words) => {
  const { id, status } = standing.parse(form)
  mustHave((await wk.query("update appointment set status = $2 where id = $1 returning id", [id, status])).rows)
  return words.saved
})
