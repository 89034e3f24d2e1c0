import type { Ask, ObservedCall, ViewObserver, Watch } from "@wardkeep/postgres"
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
