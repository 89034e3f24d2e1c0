"use server"

import { z } from "zod"
import { act, mustHave } from "../action"
import { wk } from "../context"

const note = z.object({
  patient_id: z.uuid(),
  diagnosis: z.string().min(1).max(200),
  body: z.string().min(1).max(20_000),
})
const order = z.object({
  patient_id: z.uuid(),
  drug_id: z.coerce.number().int().positive(),
  dose: z.string().regex(/^\d(-\d){1,3}$/),
  days: z.coerce.number().int().min(1).max(365),
  instructions: z.string().max(400),
})

export const writeNote = act(async (form, { session }, words) => {
  const { patient_id, diagnosis, body } = note.parse(form)
  await wk.query("insert into clinical_note (patient_id, author, diagnosis, body) values ($1, $2, $3, $4)", [
    patient_id,
    session.actor,
    diagnosis,
    body,
  ])
  return words.saved
})

/** Whose note it is and whether it is signed already, the policy file says and the database asks. */
export const signNote = act(async (form, _login, words) => {
  const id = z.uuid().parse(form.id)
  const text = "update clinical_note set status = 'signed', signed_at = now() where id = $1 returning id"
  mustHave((await wk.query(text, [id])).rows)
  return words.saved
})

export const prescribe = act(async (form, { email }, words) => {
  const { patient_id, drug_id, dose, days, instructions } = order.parse(form)
  await wk.query(
    `insert into prescription (patient_id, drug_id, dose, days, instructions, prescribed_by)
     values ($1, $2, $3, $4, $5, $6)`,
    [patient_id, drug_id, dose, days, instructions === "" ? null : instructions, email],
  )
  return words.saved
})
