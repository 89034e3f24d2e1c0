import { foreignKey, index, integer, pgTable, primaryKey, text, timestamp, unique, uuid } from "drizzle-orm/pg-core"

// The clinic of tests/fixture/schema.sql, as its developers wrote it down before Wardkeep was there. With TOOL_MODEL=with it has
// what Wardkeep added to a table, as `drizzle-kit pull` would show.
const key = (name) => uuid(name).notNull()
const id = () => uuid("id").notNull().defaultRandom()
const withOurs = process.env.TOOL_MODEL === "with"

export const clinic = pgTable("clinic", { id: uuid("id").primaryKey().defaultRandom(), name: text("name").notNull() })
export const branch = pgTable(
  "branch",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    clinic_id: key("clinic_id").references(() => clinic.id),
    name: text("name").notNull(),
  },
  (t) => [unique("branch_clinic_id_id_key").on(t.clinic_id, t.id)],
)
export const drug = pgTable("drug", { id: integer("id").primaryKey(), name: text("name").notNull() })
export const staff = pgTable(
  "staff",
  {
    clinic_id: key("clinic_id").references(() => clinic.id),
    id: id(),
    name: text("name").notNull(),
    email: text("email").notNull(),
  },
  (t) => [primaryKey({ name: "staff_pkey", columns: [t.clinic_id, t.id] })],
)
export const patient = pgTable(
  "patient",
  {
    clinic_id: key("clinic_id"),
    branch_id: key("branch_id"),
    id: id(),
    full_name: text("full_name").notNull(),
    phone: text("phone"),
    hiv_status: text("hiv_status").notNull().default("unknown"),
    created_at: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ name: "patient_pkey", columns: [t.clinic_id, t.branch_id, t.id] }),
    foreignKey({
      name: "patient_clinic_id_branch_id_fkey",
      columns: [t.clinic_id, t.branch_id],
      foreignColumns: [branch.clinic_id, branch.id],
    }),
    index("patient_clinic_id_id_idx").on(t.clinic_id, t.id),
    index("patient_clinic_id_created_at_idx").on(t.clinic_id, t.created_at.desc()),
  ],
)
export const visit = pgTable(
  "visit",
  {
    clinic_id: key("clinic_id"),
    branch_id: key("branch_id"),
    id: id(),
    patient_id: key("patient_id"),
    at: timestamp("at", { withTimezone: true }).notNull().defaultNow(),
    reason: text("reason").notNull(),
  },
  (t) => [
    primaryKey({ name: "visit_pkey", columns: [t.clinic_id, t.branch_id, t.id] }),
    foreignKey({
      name: "visit_clinic_id_branch_id_patient_id_fkey",
      columns: [t.clinic_id, t.branch_id, t.patient_id],
      foreignColumns: [patient.clinic_id, patient.branch_id, patient.id],
    }).onDelete("cascade"),
    index("visit_clinic_id_branch_id_patient_id_idx").on(t.clinic_id, t.branch_id, t.patient_id),
  ],
)
export const note = pgTable("note", {
  id: uuid("id").primaryKey().defaultRandom(),
  visit_id: key("visit_id"),
  body: text("body").notNull(),
  ...(withOurs && { clinic_id: key("clinic_id"), branch_id: key("branch_id") }),
})
