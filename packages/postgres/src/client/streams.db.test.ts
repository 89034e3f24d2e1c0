import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Transaction } from "./index.js"

const database = useDatabase()
const used = useClient(database)
const inDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const hundred = "select generate_series(1, 100) as n"
const portals = async (q: Transaction): Promise<number> =>
  (await q.query<{ n: number }>("select count(*)::int as n from pg_cursors where name like 'wk\\_%'")).rows[0]!.n

describe("a stream inside a transaction", () => {
  it("leaves no portal behind, read to its end or not", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        for (let time = 0; time < 5; time++) for await (const _ of q.stream(hundred, [], { batch: 10 })) break
        let rows = 0
        for await (const _ of q.stream(hundred, [], { batch: 10 })) rows++
        expect([rows, await portals(q)]).toEqual([100, 0])
      })
    })
  })

  it("lets two loops run beside each other, each with its own portal", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        const seen: unknown[] = []
        for await (const outer of q.stream("select generate_series(1, 3) as n", [], { batch: 1 }))
          for await (const inner of q.stream("select generate_series(1, 3) as n", [], { batch: 1 }))
            seen.push([outer.n, inner.n])
        expect(seen).toHaveLength(9)
      })
    })
  })

  it("ends with its handle: an iterator that outlived a savepoint gives no more rows", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        let rows: AsyncGenerator<object, void, undefined> | undefined
        await q.tx(async (inner) => {
          rows = inner.stream(hundred, [], { batch: 10 })
          expect((await rows.next()).value).toEqual({ n: 1 })
        })
        await expect(rows!.next()).rejects.toMatchObject({ code: "WK103" })
        expect(await portals(q)).toBe(0)
      })
    })
  })

  it("is not fetched from inside a savepoint that it was opened around", async () => {
    await inDoctor(async () => {
      await used.wk.tx(async (q) => {
        const rows = q.stream(hundred, [], { batch: 1 })
        await rows.next()
        await q.tx(async () => {
          await expect(rows.next()).rejects.toMatchObject({ code: "WK103" })
        })
        expect(await portals(q)).toBe(0)
      })
    })
  })

  it("can be left after a statement failed, and says what failed", async () => {
    await inDoctor(async () => {
      const failing = used.wk.tx(async (q) => {
        for await (const _ of q.stream(hundred, [], { batch: 10 })) await q.query("select 1/0")
      })
      await expect(failing).rejects.toMatchObject({ code: "22012" })
      expect((await used.wk.query("select 1 as n")).rows).toEqual([{ n: 1 }])
    })
  })
})

describe("a download", () => {
  it("whose reader pauses is ended by the statement's time on the server, and not as if the server were dead", async () => {
    const wk = used.make({ max: 1, statementTimeout: 1000 })
    await wk.run(used.doctor, async () => {
      const before = (await wk.query("select pg_backend_pid() as pid")).rows
      const bytes = wk.copyOut("select repeat('x', 10000) from generate_series(1, 10000)")
      await bytes.next()
      await sleep(8500)
      const rest = async (): Promise<void> => {
        for await (const _ of bytes);
      }
      await expect(rest()).rejects.toMatchObject({ code: "57014" })
      expect((await wk.query("select pg_backend_pid() as pid")).rows).toEqual(before)
    })
  })

  it("whose reader pauses is whole where buffers held the rest, also when they were full at its very end", async () => {
    const wk = used.make({ max: 1, statementTimeout: 1000 })
    await wk.run(used.doctor, async () => {
      let size = 0
      for await (const chunk of wk.copyOut("select repeat('x', 1000) from generate_series(1, 4200)", {
        format: "text",
      })) {
        if (size === 0) await sleep(1500)
        size += chunk.length
      }
      expect(size).toBe(4200 * 1001)
    })
  })
})
