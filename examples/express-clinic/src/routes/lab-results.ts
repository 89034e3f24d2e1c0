import { desc, eq } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import { numeric, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core"
import type { Wardkeep } from "wardkeep"
import { z } from "zod"
import { oneRow } from "../http/clinic-error.js"
import { byId, type Route, route } from "../http/route.js"
import { moment } from "./columns.js"

/** The model has neither clinic nor branch: the database fills and checks both. */
export const labResult = pgTable("lab_result", {
  id: uuid().primaryKey().defaultRandom(),
  patient_id: uuid().notNull(),
  test: text().notNull(),
  value: numeric().notNull(),
  unit: text().notNull(),
  remarks: text(),
  taken_at: timestamp({ withTimezone: true }).notNull().defaultNow(),
})

const result = z.object({
  id: z.uuid(),
  patient_id: z.uuid(),
  test: z.string(),
  value: z.string(),
  unit: z.string(),
  remarks: z.string().nullable(),
  taken_at: moment,
})
const entry = z.strictObject({
  test: z.string().min(1).max(80),
  value: z.number(),
  unit: z.string().min(1).max(20),
  remarks: z.string().max(400).optional(),
})

/** Through an ORM: Drizzle on `wk.pool`, used as it always is. */
export function labRoutes(wk: Wardkeep): Route[] {
  const db = drizzle(wk.pool)
  return [
    route({
      method: "get",
      path: "/patients/:id/lab-results",
      does: ["read", "lab_result"],
      summary: "A patient's lab results, newest first",
      params: byId,
      reply: z.object({ results: z.array(result) }),
      async handle({ params }) {
        const newest = desc(labResult.taken_at)
        const of = eq(labResult.patient_id, params.id)
        return { results: await db.select().from(labResult).where(of).orderBy(newest).limit(100) }
      },
    }),
    route({
      method: "post",
      path: "/patients/:id/lab-results",
      does: ["create", "lab_result"],
      summary: "Enters a lab result",
      params: byId,
      body: entry,
      reply: result,
      status: 201,
      async handle({ params, body }) {
        const row = { patient_id: params.id, test: body.test, unit: body.unit, remarks: body.remarks ?? null }
        const rows = await db
          .insert(labResult)
          .values({ ...row, value: String(body.value) })
          .returning()
        return oneRow(rows, "patient")
      },
    }),
  ]
}
