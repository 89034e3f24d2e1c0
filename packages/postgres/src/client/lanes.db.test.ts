import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { relayTo } from "#tests/fixture/relay.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Wardkeep } from "./index.js"

const database = useDatabase()
const used = useClient(database)

const pid = async (wk: Wardkeep): Promise<number> =>
  (await wk.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid

describe("a shared session", () => {
  it("is not taken for dead because of those who wait behind others", async () => {
    const wk = used.make({ shared: { connections: 1 }, statementTimeout: 1000 })
    await wk.run(used.doctor, async () => {
      const before = await pid(wk)
      // Each is quick enough; the last waits longer than a server may be silent.
      const all = await Promise.allSettled(Array.from({ length: 9 }, () => wk.query("select pg_sleep(0.85)")))
      expect(all.filter(({ status }) => status === "rejected")).toEqual([])
      expect(await pid(wk)).toBe(before)
    })
  })

  it("is given up when the server says nothing any more, with all who wait there", async () => {
    const relay = await relayTo(database.url(used.clinic.logins.app))
    const wk = used.make({
      pool: { connectionString: relay.url, max: 1 },
      shared: { connections: 1 },
      statementTimeout: 200,
    })
    await wk.run(used.doctor, async () => {
      await wk.query("select 1")
      relay.silence()
      const started = Date.now()
      const all = await Promise.allSettled([wk.query("select 1"), wk.query("select 2")])
      expect(all).toMatchObject([{ reason: { code: "WK111" } }, { reason: { code: "WK111" } }])
      expect(Date.now() - started).toBeLessThan(10_000)
    })
    await wk.close()
    relay.close()
  })

  const open = async (): Promise<number> =>
    (await used.admin("select from pg_stat_activity where usename = $1", [used.clinic.logins.app.user])).length

  it.each<pg.PoolConfig>([{ maxUses: 5 }, { maxLifetimeSeconds: 1 }])("is replaced when worn: %j", async (over) => {
    const before = await open()
    const wk = used.make({
      pool: { connectionString: database.appUrl(used.clinic.logins.app), max: 1, ...over },
      shared: { connections: 1 },
    })
    await wk.run(used.doctor, async () => {
      const pids = new Set<number>()
      let failed = 0
      const until = Date.now() + 4500
      while (Date.now() < until) {
        const turn = Array.from({ length: 4 }, () => pid(wk).then((each) => pids.add(each)))
        for (const { status } of await Promise.allSettled(turn)) if (status === "rejected") failed++
        await sleep(20)
      }
      expect(failed).toBe(0)
      expect(pids.size).toBeGreaterThan(1)
    })
    await wk.close()
    expect(await open(), "sessions that stay after close").toBe(before)
  })
})
