import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { relayTo } from "#tests/fixture/relay.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { apply, asOwner, useStrategy } from "../migrate/index.js"
import type { Session, Wardkeep } from "./index.js"

const database = useDatabase()
const used = useClient(database)

const value = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  fc.date({ noInvalidDate: true, min: new Date("0001-01-02"), max: new Date("9999-12-30") }),
  fc.array(
    fc.oneof(
      fc.string({ maxLength: 8 }).map((text) => text.replaceAll("\0", "")),
      fc.constant(null),
    ),
    { maxLength: 4 },
  ),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 3 }),
)

const pidOf = async (wk: Wardkeep): Promise<number> =>
  (await wk.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid

describe("the protocol", () => {
  let plain: pg.Client
  beforeAll(async () => {
    plain = new pg.Client({ connectionString: database.url(used.clinic.logins.app) })
    await plain.connect()
    await used.admin("create sequence converted; grant usage on sequence converted to public")
  })
  afterAll(async () => await plain.end())

  it("carries every value as pg does, in and out", async () => {
    await used.wk.run(used.doctor, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(value, { maxLength: 6 }), fc.boolean(), async (values, asArray) => {
          const text = `select ${values.map((each, i) => `$${i + 1}::${Buffer.isBuffer(each) ? "bytea" : "text"} as c${i}`).join(", ") || "1 as one"}`
          const query = { text, values, ...(asArray && { rowMode: "array" as const }) }
          const [ours, theirs] = await Promise.all([used.wk.pool.query(query), plain.query(query)])
          expect(ours.rows).toEqual(theirs.rows)
          expect(ours.fields.map((field) => ({ ...field }))).toEqual(theirs.fields.map((field) => ({ ...field })))
          expect([ours.command, ours.rowCount]).toEqual([theirs.command, theirs.rowCount])
        }),
        { numRuns: 300 },
      )
    })
  })

  it("carries large values and many rows", async () => {
    await used.wk.run(used.doctor, async () => {
      const large = "é".repeat(3_000_000)
      expect((await used.wk.query<{ n: number }>("select length($1)::int as n", [large])).rows).toEqual([
        { n: 3_000_000 },
      ])
      expect((await used.wk.query("select generate_series(1, 50000) as n")).rowCount).toBe(50_000)
    })
  })

  it("sends a statement with its context in one packet and gets one back", async () => {
    const counted = { sent: 0, received: 0 }
    const relay = await relayTo(database.url(used.clinic.logins.app), {
      sent: () => counted.sent++,
      received: () => counted.received++,
    })
    const wk = used.make({ pool: { connectionString: relay.url, max: 1 } })
    try {
      await wk.run(used.doctor, async () => {
        const ask = () => wk.query("select full_name from patient limit 1")
        for (let time = 0; time < 8; time++) await ask()
        Object.assign(counted, { sent: 0, received: 0 })
        for (let time = 0; time < 50; time++) await ask()
        expect(counted).toEqual({ sent: 50, received: 50 })
      })
    } finally {
      await wk.close()
      relay.close()
    }
  })

  it("refuses values it cannot carry, and the session goes on", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const circular = { toPostgres: (): unknown => circular }
      await expect(wk.query("select $1", [circular])).rejects.toThrow(/circular/)
      await expect(
        wk.query(
          "select 1",
          Array.from({ length: 70_000 }, () => 1),
        ),
      ).rejects.toMatchObject({ code: "WK009" })
      await expect(wk.query("select 1", { 0: 1 } as never)).rejects.toMatchObject({ code: "WK009" })
      await expect(wk.query("select 1\0; drop table patient")).rejects.toMatchObject({ code: "WK108" })
      await expect(wk.query("select $1::text", ["a\0b"])).rejects.toMatchObject({ code: "22021" })
      expect((await wk.query("select 1 as n")).rows).toEqual([{ n: 1 }])
    })
  })

  it("takes values whose conversion itself asks the database, in another context, on the same session", async () => {
    const text = "select branch_id, $1::text as v from patient limit 1"
    const places = [used.clinic.branches[0].branch, used.clinic.branches[2].branch]
    const ask = async (wk: Wardkeep, session: Session, value: unknown) =>
      (await wk.run(session, () => wk.query<{ branch_id: string; v: string }>(text, [value]))).rows[0]
    for (const options of [{ shared: { connections: 1 } }, { max: 1 }, { max: 2 }]) {
      const wk = used.make(options)
      // Both roles' statements have names on the session by then, or have none, or are being given one.
      for (const warm of [0, 2]) {
        for (let time = 0; time < warm; time++)
          for (const session of [used.doctor, used.other]) await ask(wk, session, "warm")
        const before = await wk.run(used.doctor, () => pidOf(wk))
        let inner: Promise<unknown> | undefined
        const lazy = {
          toPostgres: () => {
            inner ??= ask(wk, used.other, "inner")
            return "outer"
          },
        }
        const beside = ask(wk, used.other, "beside")
        expect(await ask(wk, used.doctor, lazy)).toEqual({ branch_id: places[0], v: "outer" })
        expect(await inner).toEqual({ branch_id: places[1], v: "inner" })
        expect(await beside).toEqual({ branch_id: places[1], v: "beside" })
        if (options.max === undefined) expect(await wk.run(used.doctor, () => pidOf(wk))).toBe(before)
      }
    }
  })

  it("takes values whose conversion throws, aborts the call or asks inside the transaction, and loses no session", async () => {
    for (const options of [{ shared: { connections: 1 }, max: 1 }, { max: 1 }]) {
      const wk = used.make(options)
      await wk.run(used.doctor, async () => {
        const before = await pidOf(wk)
        const throws = {
          toPostgres: () => {
            throw new Error("not loaded")
          },
        }
        await expect(wk.query("select $1::text, $2::text", ["x".repeat(50), throws])).rejects.toThrow("not loaded")
        const stop = new AbortController()
        const aborts = {
          toPostgres: () => {
            stop.abort()
            return "4711"
          },
        }
        const aborted = wk.query("select nextval('converted'), $1::text", [aborts], { signal: stop.signal })
        await expect(aborted).rejects.toMatchObject({ code: "WK111" })
        expect(await pidOf(wk)).toBe(before)
        expect(await used.admin("select is_called from converted")).toEqual([{ is_called: false }])
        await wk.tx(async (q) => {
          const asked: Promise<unknown>[] = []
          const asks = {
            toPostgres: () => {
              asked.push(q.query("select 1 as n"))
              return "outer"
            },
          }
          expect((await q.query("select $1::text as v", [asks])).rows).toEqual([{ v: "outer" }])
          for await (const row of q.stream("select $1::text as v", [asks])) expect(row).toEqual({ v: "outer" })
          expect(await Promise.all(asked)).toMatchObject([{ rows: [{ n: 1 }] }, { rows: [{ n: 1 }] }])
        })
        expect(await pidOf(wk)).toBe(before)
      })
    }
  })

  it("passes on what a host's own parser throws, and the session goes on", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const types = {
        getTypeParser: () => () => {
          throw new Error("cannot parse")
        },
      }
      await expect(wk.pool.query({ text: "select 1 as n", values: [], types })).rejects.toThrow("cannot parse")
      expect((await wk.query("select 1 as n")).rows).toEqual([{ n: 1 }])
    })
  })
})

describe("sessions", () => {
  const open = async (): Promise<number> => {
    const [row] = await used.admin<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where usename = $1",
      [used.clinic.logins.app.user],
    )
    return row!.n
  }
  const pid = async (wk: Wardkeep): Promise<number> => await wk.run(used.doctor, () => pidOf(wk))
  const poolOf = (over: pg.PoolConfig): Wardkeep =>
    used.make({ pool: { connectionString: database.appUrl(used.clinic.logins.app), max: 4, ...over } })

  it("end when they have idled, worn out or lived long enough", async () => {
    const before = await open()
    const idle = poolOf({ idleTimeoutMillis: 100 })
    await Promise.all([pid(idle), pid(idle), pid(idle)])
    expect(await open()).toBeGreaterThan(before)
    await expect.poll(open, { timeout: 20_000 }).toBe(before)
    for (const over of [{ maxUses: 3 }, { maxLifetimeSeconds: 0.001 }]) {
      const wk = poolOf({ max: 1, ...over })
      const pids = []
      for (let i = 0; i < 6; i++) {
        pids.push(JSON.stringify(await pid(wk)))
        await sleep(3)
      }
      expect(new Set(pids).size).toBeGreaterThan(1)
    }
  })

  it("are waited for no longer than connectionTimeoutMillis", async () => {
    const wk = poolOf({ max: 1, connectionTimeoutMillis: 1000 })
    await pid(wk)
    await wk.run(used.doctor, async () => {
      const slow = wk.query("select pg_sleep(3)")
      await expect(wk.query("select 1")).rejects.toMatchObject({ code: "WK005" })
      await slow
    })
  })

  it("are all gone after close, which waits for transactions and refuses what comes later", async () => {
    const wk = poolOf({ max: 2 })
    let committed = false
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const transaction = wk.run(used.doctor, async () =>
      wk.tx(async (q) => {
        await q.query("select 1")
        begin()
        await q.query("select pg_sleep(0.2)")
        committed = true
      }),
    )
    await begun
    await wk.close()
    expect(committed).toBe(true)
    await transaction
    await expect(pid(wk)).rejects.toMatchObject({ code: "WK009" })
    await wk.close()
  })
})

describe("the strategy", () => {
  it("may change while the client runs", async () => {
    const wk = used.make({ max: 1 })
    const { policy, logins } = used.clinic
    const rows = async (): Promise<number | null> =>
      await wk.run(used.doctor, async () => (await wk.query("select id from patient")).rowCount)
    expect(await rows()).toBe(5)
    await connected(database.adminUrl, (admin) => useStrategy(admin, policy, "accelerated"))
    expect(await rows(), "before apply").toBe(5)
    await connected(withLogin(database.adminUrl, logins.migrator), (migrator) =>
      asOwner(migrator, policy, () => apply({ client: migrator, policy })),
    )
    expect(await rows()).toBe(5)
    await connected(database.adminUrl, (admin) => useStrategy(admin, policy, "portable"))
    expect(await rows()).toBe(5)
  })
})
