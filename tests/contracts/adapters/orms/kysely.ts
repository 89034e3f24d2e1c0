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
      close: async () => await db.destroy(),
    }
  },
  notes: [
    "A transaction inside a transaction is the statement `savepoint` here: Kysely has savepoints of its own in controlled transactions only, which were not tried.",
    "`stream()` needs a cursor, which a shared connection refuses (WK108): use `wk.stream`.",
  ],
}
