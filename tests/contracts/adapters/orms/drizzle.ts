import { drizzleClient } from "@wardkeep/adapters/drizzle"
import { and, count, eq, exists, inArray, relations, sql } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import { pgTable, primaryKey, text, union, uuid } from "drizzle-orm/pg-core"
import type { Inside, OrmSubject, Row } from "../orm.ts"
import { hiddenColumn } from "./hidden.ts"

const patient = pgTable(
  "patient",
  {
    // The database fills them from the context.
    clinic_id: uuid("clinic_id").notNull().default(sql`default`),
    branch_id: uuid("branch_id").notNull().default(sql`default`),
    id: uuid("id").notNull().defaultRandom(),
    full_name: text("full_name").notNull(),
    hiv_status: text("hiv_status").default("unknown"),
  },
  (table) => [primaryKey({ columns: [table.clinic_id, table.branch_id, table.id] })],
)
/** The same table, as the receptionist writes it. */
const written = pgTable("patient", {
  id: uuid("id").notNull().defaultRandom(),
  full_name: text("full_name").notNull(),
})
const visit = pgTable("visit", {
  id: uuid("id").primaryKey().defaultRandom(),
  patient_id: uuid("patient_id").notNull(),
  reason: text("reason").notNull(),
})
const schema = {
  patient,
  visit,
  patientRelations: relations(patient, ({ many }) => ({ visits: many(visit) })),
  visitRelations: relations(visit, ({ one }) => ({
    patient: one(patient, { fields: [visit.patient_id], references: [patient.id] }),
  })),
}

const make = (client: ReturnType<typeof drizzleClient>) => drizzle({ client, schema })
type Db = ReturnType<typeof make>
type Tx = Parameters<Parameters<Db["transaction"]>[0]>[0]

const inside = (tx: Tx): Inside => ({
  add: async (name) => await tx.insert(written).values({ full_name: name }),
  list: async () => await tx.select().from(patient),
  nested: async (work) => await tx.transaction(async (deeper) => await work(inside(deeper))),
})

export const drizzleSubject: OrmSubject = {
  name: "Drizzle",
  library: "drizzle-orm",
  call: "drizzle({ client: drizzleClient(wk), schema })",
  open: (wk) => {
    const db = make(drizzleClient(wk))
    const byName = db
      .select()
      .from(patient)
      .where(eq(patient.full_name, sql.placeholder("name")))
      .prepare("by_name")
    return {
      list: async () => await db.query.patient.findMany(),
      one: async ({ clinic_id, branch_id, id }) =>
        await db.query.patient.findFirst({
          where: and(eq(patient.clinic_id, clinic_id), eq(patient.branch_id, branch_id), eq(patient.id, id)),
        }),
      raw: async (statement) => (await db.execute<Row & Record<string, unknown>>(sql.raw(statement))).rows,
      find: async (name) => await byName.execute({ name }),
      create: async (name) =>
        (await db.insert(patient).values({ full_name: name }).returning({ id: patient.id }))[0]!.id,
      save: async (id, name) => await db.update(patient).set({ full_name: name }).where(eq(patient.id, id)),
      upsert: async (id, name) =>
        await db
          .insert(patient)
          .values({ id, full_name: name })
          .onConflictDoUpdate({
            target: [patient.clinic_id, patient.branch_id, patient.id],
            set: { full_name: name },
          }),
      eager: async () => await db.query.patient.findMany({ with: { visits: true } }),
      transaction: async (work) => await db.transaction(async (tx) => await work(inside(tx))),
      lazy: () => db.select().from(patient),
      reads: ({ id }, name) => {
        const { full_name } = patient
        const ofVisit = eq(visit.patient_id, patient.id)
        const named = db.$with("named").as(db.select().from(patient).where(eq(full_name, name)))
        return [
          [
            "orderBy, limit and offset",
            ["patient"],
            async () => await db.select().from(patient).orderBy(patient.id).limit(2).offset(1),
          ],
          [
            "some columns",
            ["patient"],
            async () => await db.select({ name: full_name }).from(patient).where(eq(patient.id, id)),
          ],
          [
            "findMany of some columns",
            ["patient"],
            async () => await db.query.patient.findMany({ columns: { full_name: true } }),
          ],
          [
            "findFirst with its parent",
            ["patient", "visit"],
            async () => await db.query.visit.findFirst({ with: { patient: true } }),
          ],
          ["selectDistinct", ["patient"], async () => await db.selectDistinct({ full_name }).from(patient)],
          [
            "inArray of a query",
            ["patient"],
            async () =>
              await db
                .select()
                .from(patient)
                .where(inArray(patient.id, db.select({ of: visit.patient_id }).from(visit))),
          ],
          [
            "exists",
            ["patient"],
            async () =>
              await db
                .select()
                .from(patient)
                .where(exists(db.select().from(visit).where(ofVisit))),
          ],
          [
            "innerJoin",
            ["patient", "visit"],
            async () => await db.select({ full_name, reason: visit.reason }).from(patient).innerJoin(visit, ofVisit),
          ],
          ["leftJoin", ["patient", "visit"], async () => await db.select().from(patient).leftJoin(visit, ofVisit)],
          ["with", ["patient"], async () => await db.with(named).select().from(named)],
          [
            "union",
            ["patient"],
            async () => await union(db.select({ full_name }).from(patient), db.select({ full_name }).from(patient)),
          ],
          [
            "count in groups",
            ["visit"],
            async () => await db.select({ of: visit.patient_id, n: count() }).from(visit).groupBy(visit.patient_id),
          ],
          ["$count", ["patient"], async () => await db.$count(patient)],
        ]
      },
    }
  },
  exceptions: { create: hiddenColumn, upsert: hiddenColumn },
  notes: [
    "`DrizzleQueryError` carries the values of the query in its message: ask `wardkeepErrorIn(error)`, and do not log it.",
  ],
}
