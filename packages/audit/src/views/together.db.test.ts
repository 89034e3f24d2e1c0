import { randomUUID } from "node:crypto"
import type { Ask, ObservedCall, Transaction, ViewObserver, Watch } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })

/** A client whose views wait for `before`; it may look at the call and at what the recorder asks. */
function held(before: (call: ObservedCall, ask: Ask) => Promise<Ask>, options: Parameters<typeof used.make>[0] = {}) {
  const inner = recordViews(used.clinic.policy)
  const following = (call: ObservedCall, watch: Watch): Watch => ({
    selfRecording: () => watch.selfRecording(),
    expectsNothing: () => watch.expectsNothing(),
    again: () => following(call, watch.again()),
    row: (...args) => watch.row(...args),
    restart: () => watch.restart(),
    release: async (fields, ask) => await watch.release(fields, await before(call, ask)),
  })
  const views: ViewObserver = {
    watch: (call) => following(call, inner.watch(call)),
    copying: (call, ask) => inner.copying(call, ask),
  }
  return used.make({ ...options, views })
}

function gate(): { passed: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

describe("callers of one new text", () => {
  it("do not wait for each other's session, inside a transaction and outside", async () => {
    const wk = used.make({ max: 1, maxTransaction: 8000 })
    const text = "select id, full_name as together from patient"
    await wk.start()
    const [outside, inside] = await Promise.all([
      wk.run(used.doctor, () => wk.query(text)),
      wk.run(used.doctor, () => wk.tx((q) => q.query(text))),
    ])
    expect([outside.rows.length, inside.rows.length]).toEqual([5, 5])
  })

  it("do not hear of each other's ended sessions", async () => {
    const text = "select id, phone as apart from patient"
    const [planning, waiting] = [gate(), gate()]
    const stays = await used.newSession("doctor", 2, ["care"])
    let calls = 0
    const wk = held(async (_, ask) => {
      if (++calls > 1) {
        waiting.open()
        return ask
      }
      return {
        ...ask,
        plan: async (...args) => {
          planning.open()
          await waiting.passed
          const ended = ask.query("select pg_sleep(30) as apart", [])
          const kill =
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30) as apart%' and pid <> pg_backend_pid()"
          await Promise.all([ended, expect.poll(() => used.admin(kill)).toHaveLength(1)])
          return await ask.plan(...args)
        },
      }
    })
    const first = wk.run(used.doctor, () => wk.query(text)).catch((error: unknown) => error)
    await planning.passed
    const second = await wk.run(stays, () => wk.query(text))
    expect(await first).toMatchObject({ code: "WK411" })
    expect(second.rows).toHaveLength(5)
  })
})

describe("close", () => {
  const closing = () => ({
    connectionString: database.appUrl(used.clinic.logins.app),
    max: 2,
    idleTimeoutMillis: 0,
    application_name: "closing",
  })
  const left = () => used.admin("select from pg_stat_activity where application_name = 'closing'")

  it.each([
    ["that showed something before", "select id, 1 as before from patient"],
    ["that showed nothing before", "update visit set reason = reason where false"],
  ])("lets a transaction %s show what it reads, and leaves no session", async (_, before) => {
    const wk = used.make({ pool: closing() })
    let closed: Promise<void> | undefined
    const rows = await wk.run(used.doctor, () =>
      wk.tx(async (q) => {
        await q.query(before)
        closed = wk.close()
        return (await q.query("select id, 2 as after from patient")).rows
      }),
    )
    expect(rows).toHaveLength(5)
    await closed
    await expect.poll(left).toEqual([])
  })

  it("waits for a statement whose view is still to be recorded", async () => {
    let closed: Promise<void> | undefined
    const wk = held(
      async (_, ask) => {
        closed ??= wk.close()
        await new Promise((resolve) => setTimeout(resolve, 50))
        return ask
      },
      { pool: closing() },
    )
    const { rows } = await wk.run(used.doctor, () => wk.query("select id, 3 as closing from patient"))
    expect(rows).toHaveLength(5)
    await closed
    await expect.poll(left).toEqual([])
    await expect(wk.run(used.doctor, () => wk.query("select id from patient"))).rejects.toMatchObject({ code: "WK009" })
  })
})

describe("what only its own transaction sees", () => {
  const reason = "select id, reason from visit where id = $1"
  const lastView = () =>
    used.admin<{ subject: string | null; source: string }>(
      "select subject, detail::json ->> 'source' as source from wardkeep_audit.event where verb = 'view' and relation = 'public.visit' order by id desc limit 1",
    )
  const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)

  it("names nobody whom another session would find under its key", async () => {
    const { branch } = used.clinic.branches[0]
    const found = await used.admin<{ id: string }>("select id from patient where branch_id = $1 limit 2", [branch])
    const [first, second] = found.map(({ id }) => id)
    const visit = randomUUID()
    await asDoctor(() =>
      used.wk.query("insert into visit (id, patient_id, reason) values ($1, $2, 'moved')", [visit, first]),
    )
    await asDoctor(() => used.wk.query(reason, [visit]))
    expect(await lastView()).toEqual([{ subject: first, source: "fetched" }])
    await asDoctor(() => used.wk.query(`${reason} for update`, [visit]))
    expect(await lastView()).toEqual([{ subject: first, source: "fetched" }])
    for (const read of [(q: Transaction) => q.query(reason, [visit]), streamed]) {
      await asDoctor(() =>
        used.wk.tx(async (q) => {
          await q.query("delete from visit where id = $1", [visit])
          await q.query("insert into visit (id, patient_id, reason) values ($1, $2, 'moved')", [visit, second])
          await read(q)
          throw new Error("undone")
        }),
      ).catch((error: unknown) => expect(error).toMatchObject({ message: "undone" }))
      expect(await lastView()).toEqual([{ subject: null, source: "undetermined" }])
    }
    async function streamed(q: Transaction): Promise<void> {
      for await (const row of q.stream(reason, [visit])) expect(row).toMatchObject({ reason: "moved" })
    }
  })
})

describe("a time-out of the caller's", () => {
  it("also ends what is asked after the statement, and no row is handed over", async () => {
    const stuck = gate()
    const wk = held(async (_, ask) => {
      await stuck.passed
      return ask
    })
    const began = Date.now()
    for (const text of ["select id, 4 as late from patient", "update patient set phone = phone returning id"]) {
      const call = wk.run(used.doctor, () => wk.query(text, [], { timeout: 250 }))
      await expect(call).rejects.toMatchObject({ code: "WK111" })
      const signal = AbortSignal.timeout(250)
      const aborted = wk.run(used.doctor, () => wk.query(text, [], { signal }))
      await expect(aborted).rejects.toMatchObject({ code: "WK111" })
    }
    expect(Date.now() - began).toBeLessThan(8000)
    stuck.open()
  })

  it("also ends what is asked before the statement, which is not sent then", async () => {
    await used.admin("create sequence late_turns; grant usage on sequence late_turns to public")
    const learned = gate()
    const inner = recordViews(used.clinic.policy)
    const views: ViewObserver = {
      watch: (call) => Object.assign(inner.watch(call), { learn: () => learned.passed }),
      copying: (call, ask) => inner.copying(call, ask),
    }
    const wk = used.make({ views, max: 1 })
    const text = "select id, nextval('late_turns') from patient"
    const call = wk.run(used.doctor, () => wk.query(text, [], { timeout: 100 }))
    await expect(call).rejects.toMatchObject({ code: "WK111" })
    learned.open()
    // Whatever is sent late has the only session first.
    await new Promise(setImmediate)
    await wk.run(used.doctor, () => wk.query("select 1"))
    expect(await used.admin("select is_called from late_turns")).toEqual([{ is_called: false }])
  })
})

describe("a write that shows rows", () => {
  it("is sent again where its session was found changed, as a read is", async () => {
    await used.admin(
      "create function leaves() returns text language sql as $$ select set_config('row_security', 'off', false) $$; grant execute on function leaves() to public",
    )
    const wk = used.make({ max: 1 })
    for (const text of ["select id from patient", "update patient set phone = phone returning id"]) {
      await wk.run(used.doctor, () => wk.query("select leaves()")).catch(() => undefined)
      const { rows } = await wk.run(used.doctor, () => wk.query(text))
      expect(rows, text).toHaveLength(5)
    }
  })
})
