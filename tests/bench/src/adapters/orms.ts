import type { Wardkeep } from "@wardkeep/postgres"
import { and, eq } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import { pgTable, text, uuid } from "drizzle-orm/pg-core"
import knex from "knex"
import { Kysely, PostgresDialect } from "kysely"
import type pg from "pg"
import { drizzleClient } from "wardkeep/drizzle"
import { knexOn } from "wardkeep/knex"
import { kyselyConfig } from "wardkeep/kysely"
import type { Patient } from "../peers/peer.ts"

interface Row {
  readonly clinic_id: string
  readonly full_name: string
}
/** One row by its key. Alone, the ORM's caller names the clinic; in a context, nobody does. */
type Point = (patient: Patient) => Promise<readonly Row[]>

export interface MeasuredOrm {
  readonly name: string
  alone(pool: pg.Pool): Point
  inContext(wk: Wardkeep): Point
}

interface Tables {
  readonly patient: Row & { readonly id: string }
}
const patient = pgTable("patient", {
  id: uuid("id").notNull(),
  clinic_id: uuid("clinic_id").notNull(),
  full_name: text("full_name").notNull(),
})
const columns = { clinic_id: patient.clinic_id, full_name: patient.full_name }

export const measuredOrms: readonly MeasuredOrm[] = [
  {
    name: "Knex",
    alone: (pool) => {
      const db = knex({ client: "pg" })
      db.client.acquireConnection = () => pool.connect()
      db.client.releaseConnection = async (connection: pg.PoolClient) => connection.release()
      return async ({ clinic, id }) =>
        await db<Tables["patient"]>("patient").select("clinic_id", "full_name").where({ clinic_id: clinic, id })
    },
    inContext: (wk) => {
      const db = knexOn(wk, knex({ client: "pg" }))
      return async ({ id }) => await db<Tables["patient"]>("patient").select("clinic_id", "full_name").where({ id })
    },
  },
  {
    name: "Kysely",
    alone: (pool) => {
      const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
      const all = db.selectFrom("patient").select(["clinic_id", "full_name"])
      return async ({ clinic, id }) => await all.where("clinic_id", "=", clinic).where("id", "=", id).execute()
    },
    inContext: (wk) => {
      const db = new Kysely<Tables>({ dialect: new PostgresDialect(kyselyConfig(wk)) })
      return async ({ id }) =>
        await db.selectFrom("patient").select(["clinic_id", "full_name"]).where("id", "=", id).execute()
    },
  },
  {
    name: "Drizzle",
    alone: (pool) => {
      const db = drizzle({ client: pool })
      return async ({ clinic, id }) =>
        await db
          .select(columns)
          .from(patient)
          .where(and(eq(patient.clinic_id, clinic), eq(patient.id, id)))
    },
    inContext: (wk) => {
      const db = drizzle({ client: drizzleClient(wk) })
      return async ({ id }) => await db.select(columns).from(patient).where(eq(patient.id, id))
    },
  },
]
