import type { Wardkeep } from "wardkeep"
import { z } from "zod"
import { oneRow } from "../http/clinic-error.js"
import { byId, done, type Route, route } from "../http/route.js"
import { columnsOf, insertOf, moment } from "./columns.js"

const appointment = z.object({
  id: z.uuid(),
  patient_id: z.uuid(),
  starts_at: moment,
  reason: z.string().nullable(),
  status: z.string(),
})
const selected = columnsOf(appointment)
const status = z.enum(["booked", "arrived", "done", "cancelled"])

export function appointmentRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/appointments",
      does: ["read", "appointment"],
      summary: "The appointments of one day",
      query: z.object({ day: z.iso.date() }),
      reply: z.object({ appointments: z.array(appointment) }),
      async handle({ query }) {
        const { rows } = await wk.query(
          `select ${selected} from appointment
            where starts_at >= $1::date and starts_at < $1::date + 1 order by starts_at limit 200`,
          [query.day],
        )
        return { appointments: rows }
      },
    }),
    route({
      method: "post",
      path: "/appointments",
      does: ["create", "appointment"],
      summary: "Books a patient of your branch",
      body: z.strictObject({ patient_id: z.uuid(), starts_at: z.iso.datetime(), reason: z.string().min(1).max(200) }),
      reply: appointment,
      status: 201,
      async handle({ body }) {
        const { columns, marks, values } = insertOf(body)
        const { rows } = await wk.query(
          `insert into appointment (${columns}) values (${marks}) returning ${selected}`,
          values,
        )
        return oneRow(rows, "appointment")
      },
    }),
    route({
      method: "patch",
      path: "/appointments/:id",
      does: ["update", "appointment"],
      summary: "Says how an appointment stands",
      params: byId,
      body: z.strictObject({ status }),
      reply: appointment,
      async handle({ params, body }) {
        const { rows } = await wk.query(`update appointment set status = $2 where id = $1 returning ${selected}`, [
          params.id,
          body.status,
        ])
        return oneRow(rows, "appointment")
      },
    }),
    route({
      method: "delete",
      path: "/appointments/:id",
      does: ["delete", "appointment"],
      summary: "Removes an appointment booked by mistake",
      params: byId,
      reply: done,
      async handle({ params }) {
        const { rows } = await wk.query("delete from appointment where id = $1 returning id", [params.id])
        oneRow(rows, "appointment")
        return { ok: true }
      },
    }),
  ]
}
