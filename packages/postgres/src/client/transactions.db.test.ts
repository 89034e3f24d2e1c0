import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Transaction } from "./index.js"

const database = useDatabase()
const used = useClient(database)

const add = "insert into patient (full_name) values ($1)"
const count = async (name: string): Promise<number> =>
  (await used.wk.query<{ n: number }>("select count(*)::int as n from patient where full_name = $1", [name])).rows[0]!.n
const inDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)

describe("a transaction", () => {
  it("is one on the server, with its first statement in the same flush", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        const ids = await Promise.all(
          [1, 2, 3].map(() => q.query<{ x: string }>("select pg_current_xact_id()::text as x")),
        )
        expect(new Set(ids.map(({ rows }) => rows[0]?.x)).size).toBe(1)
      })
    })
  })

  it("that asks nothing takes no connection", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      await wk.tx(async () => await wk.tx(async () => undefined).catch(() => undefined))
      expect(wk.pool.totalCount).toBeLessThanOrEqual(1)
    })
  })

  it("takes isolation, read only and deferrable", async () => {
    await inDoctor(async () => {
      const { rows } = await used.wk.tx({ isolation: "serializable", readOnly: true, deferrable: true }, async (q) =>
        q.query(
          "select current_setting('transaction_isolation') as i, current_setting('transaction_read_only') as r, current_setting('transaction_deferrable') as d",
        ),
      )
      expect(rows).toEqual([{ i: "serializable", r: "on", d: "on" }])
      await expect(used.wk.tx({ readOnly: true }, async (q) => q.query(add, ["ro"]))).rejects.toMatchObject({
        code: "25006",
      })
      await expect(used.wk.tx({ isolation: "chaos" as never }, async () => 1)).rejects.toMatchObject({ code: "WK009" })
    })
  })

  it("chooses the purpose", async () => {
    const session = await used.newSession("doctor", 0)
    await used.wk.run(session, async () => {
      await expect(used.wk.query("select 1")).rejects.toMatchObject({ code: "WK110" })
      const { rows } = await used.wk.tx({ purpose: "billing" }, async (q) => q.query("select wardkeep.purpose() as p"))
      expect(rows).toEqual([{ p: "billing" }])
    })
  })

  it("says so when a swallowed error made COMMIT a ROLLBACK", async () => {
    await inDoctor(async () => {
      const swallowing = used.wk.tx(async (q) => {
        await q.query(add, ["swallowed"])
        await q.query("select 1/0").catch(() => undefined)
      })
      await expect(swallowing).rejects.toMatchObject({
        code: "WK103",
        cause: expect.objectContaining({ code: "22012" }),
      })
      expect(await count("swallowed")).toBe(0)
    })
  })

  it("reports a deferred constraint at its end", async () => {
    await used.admin("create table if not exists public.once (n int unique deferrable initially deferred)")
    await used.admin("grant insert on public.once to public")
    await inDoctor(async () => {
      const twice = used.wk.tx(async (q) => {
        await q.query("insert into public.once values (1)")
        await q.query("insert into public.once values (1)")
      })
      await expect(twice).rejects.toMatchObject({ code: "23505" })
      await expect(used.wk.query("insert into public.once values (2), (2)")).rejects.toMatchObject({ code: "23505" })
      expect((await used.wk.query("select 1 as n")).rows).toEqual([{ n: 1 }])
    })
  })

  it("waits for queries that were not awaited", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        q.query(add, ["late"]).catch(() => undefined)
      })
      expect(await count("late")).toBe(1)
    })
  })
})

describe("a handle", () => {
  it("is refused after its transaction", async () => {
    await inDoctor(async () => {
      let leaked: Transaction | undefined
      await used.wk.tx(async (q) => {
        leaked = q
      })
      await expect(leaked!.query("select 1")).rejects.toMatchObject({ code: "WK103" })
      await expect(leaked!.tx(async () => 1)).rejects.toMatchObject({ code: "WK103" })
    })
  })

  it("is the only way to the database inside its transaction", async () => {
    await inDoctor(async () => {
      const client = await used.wk.pool.connect()
      await used.wk.tx(async () => {
        const others = [
          () => used.wk.query("select 1"),
          () => used.wk.pool.query("select 1"),
          () => used.wk.pool.connect(),
          () => client.query("select 1"),
          () => used.wk.run(used.other, async () => 1),
          () => used.wk.job("reminders", { tenants: "all" }, async () => undefined),
          async () => used.wk.stream("select 1").next(),
          () => used.make().tx(async () => 1),
          () => used.make().query("select 1"),
        ]
        for (const other of others) await expect((async () => await other())()).rejects.toMatchObject({ code: "WK103" })
      })
      client.release()
    })
  })

  it("works in its own run alone: neither in another one nor outside of any", async () => {
    let handed: Transaction | undefined
    let done: () => void = () => undefined
    const until = new Promise<void>((resolve) => {
      done = resolve
    })
    const own = inDoctor(() =>
      used.wk.tx(async (q) => {
        await q.query("select 1")
        const rows = q.stream("select generate_series(1, 3) as n", [], { batch: 1 })
        await rows.next()
        handed = Object.assign(q, { rows })
        await until
        await expect(rows.next()).rejects.toMatchObject({ code: "WK103" })
        return (await q.query("select wardkeep.actor() as a")).rows
      }),
    )
    await expect.poll(() => handed !== undefined).toBe(true)
    const q = handed as Transaction & { rows: AsyncGenerator<object> }
    const uses = [
      () => q.query("select full_name from patient"),
      () => q.tx(async () => 1),
      () => q.stream("select full_name from patient").next(),
    ]
    for (const session of [used.other, used.doctor])
      await used.wk.run(session, async () => {
        for (const use of [...uses, () => q.rows.next()]) await expect(use()).rejects.toMatchObject({ code: "WK103" })
      })
    for (const use of uses) await expect(use()).rejects.toMatchObject({ code: "WK101" })
    done()
    expect(await own).toEqual([{ a: "doctor-0" }])
  })

  it("cannot be reached by work that goes on after the transaction", async () => {
    await inDoctor(async () => {
      let later: Promise<unknown> | undefined
      await used.wk.tx(async () => {
        later = sleep(20).then(() => used.wk.query("select 1"))
        later.catch(() => undefined)
      })
      await expect(later).rejects.toMatchObject({ code: "WK103" })
    })
  })

  it("refuses transaction control and callbacks", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        for (const text of ["commit", "rollback", "savepoint x", "begin"])
          await expect(q.query(text)).rejects.toMatchObject({ code: "WK108" })
        await expect(q.query("select 1", (() => undefined) as never)).rejects.toMatchObject({ code: "WK104" })
      })
      await expect(used.wk.query("select 1", [], (() => undefined) as never)).rejects.toMatchObject({ code: "WK104" })
      await expect(used.wk.query("commit")).rejects.toMatchObject({ code: "WK108" })
    })
  })
})

describe("savepoints", () => {
  it("undo themselves alone", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        await q.query(add, ["outer"])
        await q.tx(async (inner) => {
          await inner.query(add, ["inner"])
          await inner
            .tx(async (deep) => {
              await deep.query(add, ["deep"])
              await deep.query("select 1/0")
            })
            .catch(() => undefined)
        })
      })
      expect([await count("outer"), await count("inner"), await count("deep")]).toEqual([1, 1, 0])
    })
  })

  it("side by side take turns, and the handle around them waits", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        const [, , { rows }] = await Promise.all([
          q.tx(async (a) => {
            await a.query(add, ["kept"])
            await sleep(5)
          }),
          q
            .tx(async (b) => {
              await b.query(add, ["dropped"])
              throw new Error("only b")
            })
            .catch(() => undefined),
          q.query<{ n: number }>("select count(*)::int as n from patient where full_name = 'dropped'"),
        ])
        expect(rows).toEqual([{ n: 0 }])
      })
      expect([await count("kept"), await count("dropped")]).toEqual([1, 0])
    })
  })

  it("refuse the outer handle, which would wait for ever", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        await q.tx(async () => {
          await expect(q.query("select 1")).rejects.toMatchObject({ code: "WK103" })
          await expect(q.tx(async () => 1)).rejects.toMatchObject({ code: "WK103" })
        })
      })
    })
  })
})

describe("limits", () => {
  const active = async (): Promise<number> => {
    const [row] = await used.admin<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where usename = $1 and state = 'active' and query like '%pg_sleep%'",
      [used.clinic.logins.app.user],
    )
    return row!.n
  }

  it("stop a query by time or signal, here and on the server", async () => {
    await inDoctor(async () => {
      const started = Date.now()
      await expect(used.wk.query("select pg_sleep(20)", [], { timeout: 50 })).rejects.toMatchObject({ code: "WK111" })
      const stop = new AbortController()
      setTimeout(() => stop.abort(), 50)
      await expect(used.wk.query("select pg_sleep(20)", [], { signal: stop.signal })).rejects.toMatchObject({
        code: "WK111",
      })
      await expect(used.wk.query("select 1", [], { signal: stop.signal })).rejects.toMatchObject({ code: "WK111" })
      expect(Date.now() - started).toBeLessThan(15_000)
      await expect.poll(active, { timeout: 10_000 }).toBe(0)
    })
  })

  it("stop a call that waits for a connection", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const slow = wk.query("select pg_sleep(0.5)")
      await expect(wk.query("select 1", [], { timeout: 30 })).rejects.toMatchObject({ code: "WK111" })
      await slow
      expect((await wk.query("select 1 as n")).rows).toEqual([{ n: 1 }])
    })
  })

  it("end a transaction at maxTransaction, whatever it waits for", async () => {
    const wk = used.make({ maxTransaction: 1500 })
    await wk.run(used.doctor, async () => {
      const asleep = wk.tx(async (q) => {
        await q.query(add, ["asleep"])
        await sleep(60_000, undefined, { ref: false })
      })
      await expect(asleep).rejects.toMatchObject({ code: "WK111" })
      const busy = wk.tx(async (q) => await q.query("select pg_sleep(20)"))
      await expect(busy).rejects.toMatchObject({ code: "WK111" })
      const client = await wk.pool.connect()
      await client.query("begin")
      await client.query(add, ["asleep"])
      await sleep(1600)
      await expect(client.query("commit")).rejects.toMatchObject({ code: "WK111" })
      client.release()
      await expect.poll(active, { timeout: 10_000 }).toBe(0)
      expect(await count2(wk, "asleep")).toBe(0)
    })
  })

  it("end a stream and a download, and leave them cleanly half way", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      for await (const row of wk.stream("select generate_series(1, 100000) as n", [], { batch: 10 })) {
        expect(row).toEqual({ n: 1 })
        break
      }
      for await (const chunk of wk.copyOut("select repeat('x', 1000) from generate_series(1, 100000)")) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      const stop = new AbortController()
      const rows = wk.stream("select pg_sleep(20)", [], { signal: stop.signal })
      setTimeout(() => stop.abort(), 30)
      await expect(rows.next()).rejects.toMatchObject({ code: "WK111" })
      expect((await wk.query("select 1 as n")).rows).toEqual([{ n: 1 }])
    })
  })

  async function count2(wk: typeof used.wk, name: string): Promise<number> {
    return (await wk.query("select from patient where full_name = $1", [name])).rowCount ?? -1
  }
})

describe("downloads", () => {
  it("refuse what could leave their parentheses", async () => {
    await inDoctor(async () => {
      for (const text of [
        "select 1) to program 'id' --",
        "select 1) to stdout; select (2",
        "select ')' from (select 1",
        "select $$)$$",
        "select 1 /* ) */",
        "select E'\\')'",
        "delete from patient",
      ])
        await expect(used.wk.copyOut(text).next(), text).rejects.toMatchObject({ code: "WK108" })
    })
  })
})
