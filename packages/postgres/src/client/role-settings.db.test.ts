import { afterEach, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Wardkeep } from "./index.js"

const database = useDatabase()
const used = useClient(database)

/** As the application's login itself: nothing of this needs more. */
async function given(setting: string): Promise<void> {
  const { app } = used.clinic.logins
  await connected(database.url(app), (login) => login.query(`alter role ${app.user} set ${setting}`))
}

async function level(wk: Wardkeep, options: object = {}): Promise<unknown> {
  const { rows } = await wk.run(used.doctor, () =>
    wk.tx(options, (q) => q.query("select current_setting('transaction_isolation') as level")),
  )
  return rows[0]?.level
}

afterEach(async () => {
  await used.admin(`alter role ${used.clinic.logins.app.user} reset all`)
})

describe("what the application's login gives itself, a new connection does not begin with", () => {
  it("the branch asked before the tenant: after its end a context is refused, and not answered with nothing", async () => {
    await given("cpu_operator_cost = 0")
    const wk = used.make()
    const session = await used.newSession("doctor", 0, ["care"])
    await used.issuer.endSession(session.id, "test")
    for (const text of ["select full_name from patient", "update patient set full_name = full_name"])
      await expect(
        wk.run(session, () => wk.query(text)),
        text,
      ).rejects.toMatchObject({ code: "WK102" })
  })

  it("a role, in which nothing of the client's own can be asked", async () => {
    await given(`role = ${used.doctor.grants[0]!.dbRole}`)
    const wk = used.make()
    await wk.start()
    expect((await wk.dangerouslyUtility("select current_user = session_user as own")).rows).toEqual([{ own: true }])
    expect((await wk.run(used.doctor, () => wk.query("select id from patient"))).rowCount).toBe(5)
  })

  it("transactions that only read", async () => {
    await given("default_transaction_read_only = on")
    const wk = used.make()
    const update = "update patient set full_name = full_name"
    expect((await wk.run(used.doctor, () => wk.query(update))).rowCount).toBe(5)
    expect((await wk.run(used.doctor, () => wk.tx((q) => q.query(update)))).rowCount).toBe(5)
  })

  it("a snapshot in which a session that has ended reads on", async () => {
    await given("default_transaction_isolation = 'repeatable read'")
    const wk = used.make()
    const session = await used.newSession("doctor", 0, ["care"])
    const open = wk.run(session, () =>
      wk.tx(async (q) => {
        expect((await q.query("select id from patient")).rowCount).toBe(5)
        await used.issuer.endSession(session.id, "test")
        return await q.query("select id from patient")
      }),
    )
    await expect(open).rejects.toMatchObject({ code: "WK102" })
  })

  it("numbers in round figures, and searches that leave rows out", async () => {
    await given("extra_float_digits = -15")
    await given("gin_fuzzy_search_limit = 1")
    const wk = used.make()
    const text = "select 0.123456789::float8::text as n, current_setting('gin_fuzzy_search_limit') as l"
    expect((await wk.run(used.doctor, () => wk.query(text))).rows).toEqual([{ n: "0.123456789", l: "0" }])
  })
})

describe("the isolation of a transaction", () => {
  it("is the one that was asked for, else READ COMMITTED, whatever a statement left on the session", async () => {
    await used.admin(`create function public.dawdle() returns text language sql as
      $$ select set_config('default_transaction_isolation', 'serializable', false) $$`)
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, () => wk.query("select public.dawdle()"))
    expect(await level(wk)).toBe("read committed")
    expect(await level(wk, { isolation: "repeatable read" })).toBe("repeatable read")
    const client = await wk.run(used.doctor, () => wk.pool.connect())
    const ask = "select current_setting('transaction_isolation') as level"
    await client.query("begin transaction isolation level serializable, read only")
    expect((await client.query(ask)).rows).toEqual([{ level: "serializable" }])
    await client.query("commit")
    await client.query("begin")
    await client.query("set transaction isolation level repeatable read")
    expect((await client.query(ask)).rows).toEqual([{ level: "repeatable read" }])
    await client.query("commit")
    client.release()
  })
})
