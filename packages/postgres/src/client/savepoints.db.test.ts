import { AsyncLocalStorage } from "node:async_hooks"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useClient(database)
/** As an event emitter or a native pool calls back: without the context of the caller. */
const outside = AsyncLocalStorage.snapshot()

describe("savepoints", () => {
  it("with a new name each, as ORMs make them, leave nothing prepared on the session", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const client = await wk.pool.connect()
      await client.query("begin")
      for (let i = 0; i < 300; i++) {
        await client.query(`savepoint trx${i}`)
        if (i % 3 === 0) await client.query(`rollback to savepoint trx${i}`)
        await client.query(`release savepoint trx${i}`)
      }
      const { rows } = await client.query<{ name: string }>(
        "select name from pg_prepared_statements where statement ~* '^(savepoint|release|rollback)'",
      )
      await client.query("commit")
      client.release()
      expect(rows).toEqual([])
      await wk.tx(async (q) => await q.tx(async (inner) => await inner.query("select 1")))
      expect((await wk.query("select from pg_prepared_statements where statement ~* '^savepoint'")).rowCount).toBe(0)
    })
  })

  it("are not opened where the caller has no context", async () => {
    await used.admin("create table if not exists public.marks (n int)")
    await used.admin("grant insert on public.marks to public; grant select on public.marks to public")
    await used.wk.run(used.doctor, async () => {
      await used.wk.tx(async (q) => {
        await expect(outside(() => q.tx(async () => 1))).rejects.toMatchObject({ code: "WK101" })
        // Inside a savepoint a row would carry the number of a subtransaction.
        const { rows } = await q.query(
          "insert into public.marks values (1) returning xmin::text = (pg_current_xact_id()::xid)::text as top",
        )
        expect(rows).toEqual([{ top: true }])
      })
    })
  })
})
