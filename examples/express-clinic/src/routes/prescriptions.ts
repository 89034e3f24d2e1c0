import type { Wardkeep } from "wardkeep"
import { z } from "zod"
import { oneRow } from "../http/clinic-error.js"
import { byId, type Route, route } from "../http/route.js"
import { columnsOf, insertOf, moment } from "./columns.js"

const prescription = z.object({
  id: z.uuid(),
  patient_id: z.uuid(),
  drug_id: z.int(),
  // Billing sees which drug and for how long, not the rest.
  dose: z.string().nullable(),
  days: z.int(),
  instructions: z.string().nullable(),
  prescribed_by: z.string().nullable(),
  created_at: moment,
})
const selected = columnsOf(prescription)
const order = z.strictObject({
  drug_id: z.int().positive(),
  dose: z.string().regex(/^\d(-\d){1,3}$/),
  days: z.int().min(1).max(365),
  instructions: z.string().max(400).optional(),
})

export function prescriptionRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/patients/:id/prescriptions",
      does: ["read", "prescription"],
      summary: "What a patient was prescribed",
      params: byId,
      reply: z.object({ prescriptions: z.array(prescription) }),
      async handle({ params }) {
        const { rows } = await wk.query(
          `select ${selected} from prescription where patient_id = $1 order by created_at desc limit 100`,
          [params.id],
        )
        return { prescriptions: rows }
      },
    }),
    route({
      method: "post",
      path: "/patients/:id/prescriptions",
      does: ["create", "prescription"],
      summary: "Prescribes",
      params: byId,
      body: order,
      reply: prescription,
      status: 201,
      async handle({ params, body, login }) {
        const row = { ...body, patient_id: params.id, prescribed_by: login?.email }
        const { columns, marks, values } = insertOf(row)
        const { rows } = await wk.query(
          `insert into prescription (${columns}) values (${marks}) returning ${selected}`,
          values,
        )
        return oneRow(rows, "patient")
      },
    }),
    route({
      method: "patch",
      path: "/prescriptions/:id",
      does: ["update", "prescription"],
      summary: "Changes dose, days or instructions",
      params: byId,
      body: order
        .omit({ drug_id: true })
        .partial()
        .refine((fields) => Object.keys(fields).length > 0, "name at least one field"),
      reply: prescription,
      async handle({ params, body }) {
        const { assignments, values } = insertOf(body)
        const { rows } = await wk.query(
          `update prescription set ${assignments} where id = $${values.length + 1} returning ${selected}`,
          [...values, params.id],
        )
        return oneRow(rows, "prescription")
      },
    }),
  ]
}
