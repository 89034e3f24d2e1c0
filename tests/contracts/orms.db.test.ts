import { createWardkeep, type Session, type Wardkeep } from "@wardkeep/postgres"
import { sql as drizzleSql } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import { pgTable, text, uuid } from "drizzle-orm/pg-core"
import knexFactory from "knex"
import { Kysely, PostgresDialect } from "kysely"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useClient(database)

interface Patient {
  readonly id: string
  readonly clinic_id: string
  readonly full_name: string
}

interface Orm {
  readonly list: () => Promise<readonly Patient[]>
  /** Adds a patient in a transaction and throws; the patient must be gone. */
  readonly undone: () => Promise<void>
}

const patients = pgTable("patient", {
  id: uuid("id").primaryKey().defaultRandom(),
  clinic_id: uuid("clinic_id").notNull(),
  full_name: text("full_name").notNull(),
})

const makers: Readonly<Record<string, (wk: Wardkeep) => Orm & { close?: () => Promise<void> }>> = {
  drizzle: (wk) => {
    const db = drizzle(wk.pool)
    const columns = { id: patients.id, clinic_id: patients.clinic_id, full_name: patients.full_name }
    return {
      list: async () => await db.select(columns).from(patients),
      undone: async () =>
        await db.transaction(async (tx) => {
          await tx.execute(drizzleSql`insert into patient (full_name) values ('undone')`)
          throw new Error("undo")
        }),
    }
  },
  kysely: (wk) => {
    const db = new Kysely<{ patient: { id: string; clinic_id: string; full_name: string } }>({
      dialect: new PostgresDialect({ pool: wk.pool }),
    })
    return {
      list: async () => await db.selectFrom("patient").select(["id", "clinic_id", "full_name"]).execute(),
      undone: async () =>
        await db
          .transaction()
          .setIsolationLevel("repeatable read")
          .execute(async (tx) => {
            await tx
              .insertInto("patient")
              .values({ full_name: "undone" } as never)
              .execute()
            throw new Error("undo")
          }),
    }
  },
  knex: (wk) => {
    const db = knexFactory({ client: "pg" })
    // Knex keeps connections in a pool of its own; Wardkeep's take their context when they are asked for.
    db.client.acquireConnection = () => wk.pool.connect()
    db.client.releaseConnection = async (client: { release(): void }) => client.release()
    return {
      list: async () => await db<Patient>("patient").select("id", "clinic_id", "full_name"),
      undone: async () =>
        await db.transaction(async (trx) => {
          await trx("patient").insert({ full_name: "undone" })
          throw new Error("undo")
        }),
      close: async () => await db.destroy(),
    }
  },
}

for (const [name, make] of Object.entries(makers)) {
  describe(name, () => {
    let wk: Wardkeep
    let orm: ReturnType<typeof make>
    const sessions: Session[] = []

    beforeAll(async () => {
      wk = createWardkeep({
        pool: { connectionString: database.appUrl(used.clinic.logins.app), max: 3 },
        policy: used.clinic.policy,
      })
      orm = make(wk)
      for (const branch of [0, 1, 2]) sessions.push(await used.newSession("doctor", branch, ["care"]))
    })
    afterAll(async () => {
      await orm.close?.()
      await wk.close()
    })

    it("reads the rows of the caller's context, 200 callers at once", async () => {
      const wrong = await Promise.all(
        Array.from({ length: 200 }, async (_, n) => {
          const session = sessions[n % 3]!
          const rows = await wk.run(session, () => orm.list())
          return rows.length === 5 && rows.every((row) => row.clinic_id === session.grants[0]!.tenant) ? 0 : 1
        }),
      )
      expect(wrong.reduce<number>((sum, one) => sum + one, 0)).toBe(0)
    })

    it("rolls back, and reads nothing without a context", async () => {
      await wk.run(sessions[0]!, async () => {
        await expect(orm.undone()).rejects.toThrow("undo")
        expect((await orm.list()).some((row) => row.full_name === "undone")).toBe(false)
      })
      await expect(orm.list()).rejects.toThrow()
    })
  })
}
