import { expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { relayTo } from "#tests/fixture/relay.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useClient(database)

it("a tenant who provokes WK101 makes the client ask the server once a second at most, and is not tried again", async () => {
  await used.admin(`create function public.provoked() returns void language plpgsql as
    $$ begin raise exception 'no context' using errcode = 'WK101'; end $$`)
  const asked = { guard: 0, provoked: 0 }
  const relay = await relayTo(database.url(used.clinic.logins.app), {
    sent: (bytes) => {
      if (bytes.includes("rolbypassrls")) asked.guard++
      asked.provoked += bytes.toString("latin1").split("public.provoked").length - 1
    },
  })
  const wk = used.make({ pool: { connectionString: relay.url, max: 2 }, preparedStatements: false })
  const provoke = (): Promise<unknown> =>
    wk.query("select public.provoked()").then(
      () => "answered",
      (error: { code?: string }) => error.code,
    )
  await wk.run(used.doctor, async () => {
    await wk.start()
    expect(asked.guard).toBe(1)
    const started = Date.now()
    const outcomes = await Promise.all(Array.from({ length: 30 }, provoke))
    outcomes.push(await provoke(), await provoke())
    expect(new Set(outcomes)).toEqual(new Set(["WK101"]))
    expect(asked.guard - 1).toBeLessThanOrEqual(Math.ceil((Date.now() - started) / 1000))
    expect(asked.provoked).toBe(32)
  })
  await wk.close()
  relay.close()
})

it("no name is given behind a pooler that would keep it: somebody else could prepare a statement under it", async () => {
  // As PgBouncer does from 1.21 on: names of its own on the server's sessions.
  const renamed = (bytes: Buffer): Buffer =>
    Buffer.from(bytes.toString("latin1").replaceAll(/wk_(?=(?:[\w-]{22}|probe_\w{16})\0)/g, "PG_"), "latin1")
  const relay = await relayTo(database.url(used.clinic.logins.app), { changed: renamed })
  const names = async (options: { preparedStatements?: boolean }): Promise<unknown[]> => {
    const wk = used.make({ pool: { connectionString: relay.url, max: 1 }, pooler: true, ...options })
    const { rows } = await wk.run(used.doctor, async () => {
      for (let time = 0; time < 3; time++) await wk.query("select id from patient")
      return await wk.query("select name from pg_prepared_statements")
    })
    await wk.close()
    return rows
  }
  expect(await names({})).toEqual([])
  expect(await names({ preparedStatements: true })).not.toEqual([])
  relay.close()
})
