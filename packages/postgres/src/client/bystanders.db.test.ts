import { beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Wardkeep } from "./index.js"

const database = useDatabase()
const used = useClient(database)

const pid = async (wk: Wardkeep): Promise<number> =>
  (await wk.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid

beforeAll(async () => {
  // What SQL of one tenant can reach although the client never sees it: functions of the host.
  await connected(database.adminUrl, (admin) =>
    admin.query(`create function public.raises(code text) returns text language plpgsql stable as
        $$ begin raise exception 'prepared statement "wk_x" does not exist' using errcode = code; end $$;
      create domain public.picky as text check (public.raises('26000') is null);
      create function public.run(what text) returns void language plpgsql as $$ begin execute what; end $$;
      grant usage on type public.picky to public`),
  )
})

/** Other tenants' statements on the one shared session, before and behind what `attack` sends. */
async function beside(attack: (wk: Wardkeep) => Promise<unknown>): Promise<unknown> {
  const wk = used.make({ shared: { connections: 1 }, max: 2 })
  const bystand = () => wk.run(used.other, async () => await wk.query("select id, pg_sleep(0.02) from patient"))
  const session = () => wk.run(used.other, async () => await pid(wk))
  await wk.run(used.doctor, async () => await wk.query("select id from patient"))
  await bystand()
  const before = await session()
  const around = [bystand(), bystand()]
  const outcome = wk.run(used.doctor, async () => await attack(wk)).catch((error: { code?: string }) => error.code)
  around.push(bystand(), bystand())
  expect((await Promise.allSettled(around)).map((each) => each.status)).toEqual(around.map(() => "fulfilled"))
  const answered = await outcome
  expect(await session(), "the shared session").toBe(before)
  await wk.close()
  return answered
}

describe("an error of one tenant's own making ends no statement of another", () => {
  it.each<[string, string, unknown[]?]>([
    ["WK109", "select wardkeep.refuse_session() from patient"],
    ["WK109", "select public.raises('WK109')"],
    ["26000", "select public.raises('26000')"],
    ["42P05", "select public.raises('42P05')"],
    ["26000", "select id from patient where full_name = public.raises('26000')"],
    ["26000", "select $1::public.picky", ["x"]],
    ["26000", "select public.run('deallocate nothing')"],
    ["0A000", "select public.raises('0A000')"],
    ["57014", "select public.raises('57014')"],
    ["57P01", "select public.raises('57P01')"],
    ["08006", "select public.raises('08006')"],
    ["WK101", "select public.raises('WK101')"],
    ["25P02", "select public.raises('25P02')"],
  ])("%s from %s", async (code, text, values = []) => {
    expect(await beside((wk) => wk.query(text, values))).toBe(code)
  })

  it.each([["26000"], ["WK109"]])("%s inside a transaction, which is rolled back as after any error", async (code) => {
    const outcome = await beside((wk) => wk.tx(async (q) => await q.query("select public.raises($1)", [code])))
    expect(outcome).toBe(code)
  })

  it("the end of its own session, which is not the shared one", async () => {
    const ended = await beside((wk) => wk.query("select pg_terminate_backend(pg_backend_pid())"))
    expect(ended).toBe("42501")
  })

  it.each([
    "deallocate all",
    "discard all",
    "discard sequences",
    "close all",
    "reset all",
    "set session authorization default",
    "lock table patient",
    "listen x",
    "unlisten *",
    "prepare x as select 1",
    "declare c cursor with hold for select 1",
    "do $$ begin end $$",
    "call x()",
  ])("%s, which is not sent", async (text) => {
    expect(await beside((wk) => wk.query(text))).toBe("WK108")
  })
})

describe("a name of ours that is really gone", () => {
  it.each([
    ["on a shared session", { shared: { connections: 1 } }],
    ["on a session of its own", { max: 1 }],
  ])("is noticed %s: it is destroyed, and the statement runs on another", async (_, options) => {
    const wk = used.make(options)
    await wk.run(used.doctor, async () => {
      const text = "select full_name from patient"
      await wk.query(text)
      await wk.query(text)
      const before = await pid(wk)
      const named = "select name from pg_prepared_statements where statement = $1"
      const { rows } = await wk.query<{ name: string }>(named, [text])
      await wk.query("select public.run($1)", [`deallocate "${rows[0]?.name}"`])
      expect((await wk.query(text)).rowCount).toBe(5)
      expect(await pid(wk)).not.toBe(before)
    })
  })
})
