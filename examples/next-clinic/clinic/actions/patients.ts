"use server"

import { redirect } from "next/navigation"
import { z } from "zod"
import { act, mustHave } from "../action"
import { wk } from "../context"

const full_name = z.string().min(1).max(200)
const phone = z.string().regex(/^\+91\d{10}$/)
const blank = z.literal("").transform(() => null)
const abha = blank.or(z.string().regex(/^\d{14}$/))
const dob = blank.or(z.iso.date())
const sex = z.enum(["female", "male", "other"])
const address = blank.or(z.string().max(400))
const registration = z.object({ full_name, phone, abha, dob, sex, address })
const changes = z
  .object({
    full_name,
    phone,
    abha,
    dob,
    sex,
    address,
    allergies: blank.or(z.string().max(400)),
    hiv_status: z.enum(["positive", "negative", "unknown"]),
  })
  .partial()

export const register = act(async (form) => {
  const { full_name: name, ...rest } = registration.parse(form)
  const { rows } = await wk.query<{ id: string }>(
    "insert into patient (full_name, phone, abha, dob, sex, address) values ($1, $2, $3, $4, $5, $6) returning id",
    [name, rest.phone, rest.abha, rest.dob, rest.sex, rest.address],
  )
  redirect(`/patients/${rows[0]?.id}`)
})

export const correct = act(async (form, _login, words) => {
  const id = z.uuid().parse(form.id)
  // Names of columns come from the schema, never from the request.
  const entries = Object.entries(changes.parse(form)).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return words.saved
  const set = entries.map(([name], index) => `${name} = $${index + 2}`).join(", ")
  const values = [id, ...entries.map(([, value]) => value)]
  mustHave((await wk.query(`update patient set ${set} where id = $1 returning id`, values)).rows)
  return words.saved
})
