import type { Wardkeep } from "wardkeep"
import { z } from "zod"
import { oneRow } from "../http/clinic-error.js"
import { byId, type Route, route } from "../http/route.js"
import { columnsOf, insertOf, moment } from "./columns.js"
import { searchCondition } from "./search.js"

export const patient = z.object({
  id: z.uuid(),
  chart_no: z.string().nullable(),
  full_name: z.string().nullable(),
  phone: z.string().nullable(),
  abha: z.string().nullable(),
  dob: z.string().nullable(),
  sex: z.string().nullable(),
  address: z.string().nullable(),
  // Null for every role that the policy file hides them from.
  allergies: z.string().nullable(),
  hiv_status: z.string().nullable(),
  created_at: moment.nullable(),
})

const details = {
  full_name: z.string().trim().min(1).max(200),
  phone: z.string().regex(/^\+91\d{10}$/),
  abha: z.string().regex(/^\d{14}$/),
  dob: z.iso.date(),
  sex: z.enum(["female", "male", "other"]),
  address: z.string().max(400),
}
const registration = z.strictObject({
  ...details,
  abha: details.abha.optional(),
  dob: details.dob.optional(),
  address: details.address.optional(),
})
const change = z
  .strictObject({ ...details, allergies: z.string().max(400), hiv_status: z.enum(["positive", "negative", "unknown"]) })
  .partial()
  .refine((fields) => Object.keys(fields).length > 0, "name at least one field")

export const patientColumns = columnsOf(patient, { dob: "dob::text" })

export function patientRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/patients",
      does: ["read", "patient"],
      summary: "The newest patients, or those whose name has these words or prefixes, or whose phone ends so",
      query: z.object({ search: z.string().trim().min(2).max(80).optional() }),
      reply: z.object({ patients: z.array(patient) }),
      async handle({ query }) {
        const { where, values } = searchCondition(query.search)
        // No clinic and no branch in sight: the fence adds them.
        const { rows } = await wk.query(
          `select ${patientColumns} from patient p ${where} order by p.created_at desc limit 50`,
          values,
        )
        return { patients: rows }
      },
    }),
    route({
      method: "post",
      path: "/patients",
      does: ["create", "patient"],
      summary: "Registers a patient in your branch",
      body: registration,
      reply: patient,
      status: 201,
      async handle({ body }) {
        const { columns, marks, values } = insertOf(body)
        const { rows } = await wk.query(
          `insert into patient (${columns}) values (${marks}) returning ${patientColumns}`,
          values,
        )
        return oneRow(rows, "patient")
      },
    }),
    route({
      method: "get",
      path: "/patients/:id",
      does: ["read", "patient"],
      summary: "One patient",
      params: byId,
      reply: patient,
      async handle({ params }) {
        const { rows } = await wk.query(`select ${patientColumns} from patient where id = $1`, [params.id])
        return oneRow(rows, "patient")
      },
    }),
    route({
      method: "patch",
      path: "/patients/:id",
      does: ["update", "patient"],
      summary: "Corrects a patient's details, as far as your role may",
      params: byId,
      body: change,
      reply: patient,
      async handle({ params, body }) {
        const { assignments, values } = insertOf(body)
        const { rows } = await wk.query(
          `update patient set ${assignments} where id = $${values.length + 1} returning ${patientColumns}`,
          [...values, params.id],
        )
        return oneRow(rows, "patient")
      },
    }),
  ]
}
