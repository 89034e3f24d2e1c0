import { knexOn } from "@wardkeep/adapters/knex"
import knex, { type Knex } from "knex"
import type { Inside, OrmSubject, Patient, Row } from "../orm.ts"

const inside = (trx: Knex.Transaction): Inside => ({
  add: async (name) => await trx("patient").insert({ full_name: name }),
  list: async () => await trx<Row>("patient").select("clinic_id", "full_name"),
  nested: async (work) => await trx.transaction(async (deeper) => await work(inside(deeper))),
})

export const knexSubject: OrmSubject = {
  name: "Knex",
  library: "knex",
  call: 'knexOn(wk, knex({ client: "pg" }))',
  open: (wk) => {
    const db = knexOn(wk, knex({ client: "pg" }))
    return {
      list: async () => await db<Patient>("patient").select("*"),
      one: async (key) => await db<Patient>("patient").where(key).first(),
      raw: async (text) => (await db.raw<{ rows: Row[] }>(text)).rows,
      find: async (name) => await db<Row>("patient").where({ full_name: name }),
      create: async (name) => {
        const [made] = await db<Patient>("patient").insert({ full_name: name }).returning("id")
        return made!.id
      },
      save: async (id, name) => await db("patient").where({ id }).update({ full_name: name }),
      upsert: async (id, name) =>
        await db("patient")
          .insert({ id, full_name: name })
          .onConflict(["clinic_id", "branch_id", "id"])
          .merge(["full_name"]),
      eager: async () => {
        const patients = await db<Patient>("patient").select("*")
        const visits = await db<{ patient_id: string; reason: string }>("visit").whereIn(
          "patient_id",
          patients.map(({ id }) => id),
        )
        return patients.map((each) => ({ ...each, visits: visits.filter((visit) => visit.patient_id === each.id) }))
      },
      transaction: async (work) => await db.transaction(async (trx) => await work(inside(trx))),
      lazy: () => db("patient").select("*"),
      reads: ({ id }, name) => [
        ["orderBy, limit and offset", ["patient"], async () => await db("patient").orderBy("id").limit(2).offset(1)],
        ["pluck", ["patient"], async () => await db("patient").pluck("full_name")],
        ["distinct", ["patient"], async () => await db("patient").distinct("full_name")],
        [
          "whereIn a query",
          ["patient"],
          async () => await db("patient").whereIn("id", db("visit").select("patient_id")),
        ],
        [
          "whereExists",
          ["patient"],
          async () => await db("patient").whereExists(db("visit").whereRaw("patient_id = patient.id")),
        ],
        [
          "join",
          ["patient", "visit"],
          async () => await db("patient").join("visit", "visit.patient_id", "patient.id").select("full_name", "reason"),
        ],
        [
          "leftJoin of one person",
          ["patient", "visit"],
          async () => await db("patient").leftJoin("visit", "visit.patient_id", "patient.id").where("patient.id", id),
        ],
        [
          "with",
          ["patient"],
          async () =>
            await db
              .with("named", db("patient").where({ full_name: name }))
              .select("*")
              .from("named"),
        ],
        [
          "union",
          ["patient"],
          async () => await db("patient").select("full_name").union(db("patient").select("full_name")),
        ],
        [
          "count in groups",
          ["visit"],
          async () => await db("visit").select("patient_id").count("*").groupBy("patient_id"),
        ],
        ["count", ["patient"], async () => await db("patient").count("*")],
      ],
      close: async () => await db.destroy(),
    }
  },
}
