import { kyselyConfig } from "@wardkeep/adapters/kysely"
import { CompiledQuery, type Generated, Kysely, PostgresDialect, type Transaction } from "kysely"
import { jsonArrayFrom } from "kysely/helpers/postgres"
import type { Inside, OrmSubject, Row } from "../orm.ts"

interface Tables {
  readonly patient: {
    readonly clinic_id: Generated<string>
    readonly branch_id: Generated<string>
    readonly id: Generated<string>
    readonly full_name: string
    readonly hiv_status: Generated<string | null>
  }
  readonly visit: { readonly patient_id: string; readonly reason: string }
}

const inside = (trx: Transaction<Tables>): Inside => ({
  add: async (name) => await trx.insertInto("patient").values({ full_name: name }).execute(),
  list: async () => await trx.selectFrom("patient").select(["clinic_id", "full_name"]).execute(),
  // Kysely has savepoints in transactions that are controlled by hand only; this is its documented statement for it.
  nested: async (work) => {
    await trx.executeQuery(CompiledQuery.raw("savepoint inner_one"))
    try {
      return await work(inside(trx))
    } catch (error) {
      await trx.executeQuery(CompiledQuery.raw("rollback to savepoint inner_one"))
      throw error
    }
  },
})

export const kyselySubject: OrmSubject = {
  name: "Kysely",
  library: "kysely",
  call: "new Kysely({ dialect: new PostgresDialect(kyselyConfig(wk)) })",
  open: (wk) => {
    const db = new Kysely<Tables>({ dialect: new PostgresDialect(kyselyConfig(wk)) })
    return {
      list: async () => await db.selectFrom("patient").selectAll().execute(),
      one: async ({ clinic_id, branch_id, id }) =>
        await db
          .selectFrom("patient")
          .selectAll()
          .where((eb) => eb.and({ clinic_id, branch_id, id }))
          .executeTakeFirst(),
      raw: async (text) => [...(await db.executeQuery<Row>(CompiledQuery.raw(text))).rows],
      find: async (name) => await db.selectFrom("patient").selectAll().where("full_name", "=", name).execute(),
      create: async (name) =>
        (await db.insertInto("patient").values({ full_name: name }).returning("id").executeTakeFirstOrThrow()).id,
      save: async (id, name) => await db.updateTable("patient").set({ full_name: name }).where("id", "=", id).execute(),
      upsert: async (id, name) =>
        await db
          .insertInto("patient")
          .values({ id, full_name: name })
          .onConflict((conflict) =>
            conflict
              .columns(["clinic_id", "branch_id", "id"])
              .doUpdateSet((eb) => ({ full_name: eb.ref("excluded.full_name") })),
          )
          .execute(),
      eager: async () =>
        await db
          .selectFrom("patient")
          .select((eb) => [
            "clinic_id",
            "full_name",
            jsonArrayFrom(
              eb.selectFrom("visit").select("visit.reason").whereRef("visit.patient_id", "=", "patient.id"),
            ).as("visits"),
          ])
          .execute(),
      transaction: async (work) => await db.transaction().execute(async (trx) => await work(inside(trx))),
      // Its queries are no promises: nothing begins before execute().
      lazy: () => async () => await db.selectFrom("patient").selectAll().execute(),
      reads: ({ id }, name) => {
        const patients = db.selectFrom("patient")
        const visited = patients.innerJoin("visit", "visit.patient_id", "patient.id")
        return [
          [
            "orderBy, limit and offset",
            ["patient"],
            async () => await patients.selectAll().orderBy("id").limit(2).offset(1).execute(),
          ],
          [
            "an alias",
            ["patient"],
            async () => await patients.select("full_name as name").where("id", "=", id).execute(),
          ],
          ["distinct", ["patient"], async () => await patients.select("full_name").distinct().execute()],
          ["distinctOn", ["patient"], async () => await patients.selectAll().distinctOn("full_name").execute()],
          [
            "in a query",
            ["patient"],
            async () =>
              await patients.selectAll().where("id", "in", db.selectFrom("visit").select("visit.patient_id")).execute(),
          ],
          [
            "innerJoin",
            ["patient", "visit"],
            async () => await visited.select(["patient.full_name", "visit.reason"]).execute(),
          ],
          [
            "innerJoin of one person",
            ["patient", "visit"],
            async () => await visited.select(["patient.id", "visit.reason"]).where("patient.id", "=", id).execute(),
          ],
          [
            "with",
            ["patient"],
            async () =>
              await db
                .with("named", (q) => q.selectFrom("patient").selectAll().where("full_name", "=", name))
                .selectFrom("named")
                .selectAll()
                .execute(),
          ],
          [
            "union",
            ["patient"],
            async () => await patients.select("full_name").union(patients.select("full_name")).execute(),
          ],
          [
            "count in groups",
            ["visit"],
            async () =>
              await db
                .selectFrom("visit")
                .select((eb) => ["visit.patient_id", eb.fn.countAll().as("n")])
                .groupBy("visit.patient_id")
                .execute(),
          ],
          ["countAll", ["patient"], async () => await patients.select((eb) => eb.fn.countAll().as("n")).execute()],
        ]
      },
      close: async () => await db.destroy(),
    }
  },
  notes: [
    "A transaction inside a transaction is the statement `savepoint` here: Kysely has savepoints of its own in controlled transactions only, which were not tried.",
    "`stream()` needs a cursor, which a shared connection refuses (WK108): use `wk.stream`.",
  ],
}
