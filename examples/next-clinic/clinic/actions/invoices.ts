"use server"

import { z } from "zod"
import { act, mustHave } from "../action"
import { wk } from "../context"

const bill = z.object({
  patient_id: z.uuid(),
  number: z.string().regex(/^[A-Z0-9/-]{1,20}$/),
  rupees: z.coerce.number().int().min(0).max(10_000_000),
})

export const write = act(async (form, _login, words) => {
  const { patient_id, number, rupees } = bill.parse(form)
  const values = [patient_id, number, rupees * 100]
  await wk.query("insert into invoice (patient_id, number, amount) values ($1, $2, $3)", values)
  return words.saved
})

export const markPaid = act(async (form, _login, words) => {
  const id = z.uuid().parse(form.id)
  mustHave((await wk.query("update invoice set status = 'paid' where id = $1 returning id", [id])).rows)
  return words.saved
})
