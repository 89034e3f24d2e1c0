import { Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Wardkeep } from "./index.js"

const database = useDatabase()
const used = useClient(database)
const many = "select full_name, g from patient, generate_series(1, 400) g"
const rowsOf = (wk: Wardkeep, signal?: AbortSignal): AsyncGenerator<object> =>
  wk.stream(many, [], { batch: 500, signal })
const bytesOf = (wk: Wardkeep, signal?: AbortSignal): AsyncGenerator<object> => wk.copyOut(many, { signal })

describe.each([
  ["a stream", rowsOf],
  ["a download", bytesOf],
])("%s", (_, open) => {
  it("gives nothing more after an abort, although the client has more of it", async () => {
    const wk = used.make({ max: 1 })
    const stop = new AbortController()
    let after = 0
    const reading = wk.run(used.doctor, async () => {
      for await (const _row of open(wk, stop.signal)) {
        if (stop.signal.aborted) after++
        stop.abort()
        await sleep(20)
      }
    })
    await expect(reading).rejects.toMatchObject({ code: "WK111" })
    expect(after).toBe(0)
    await wk.run(used.other, async () => expect((await wk.query("select 1 as n")).rows).toEqual([{ n: 1 }]))
  })

  it.each([["begun"], ["not begun"]])(
    "taken out of its run, %s there, gives nothing and frees its session",
    async (how) => {
      const wk = used.make({ max: 1 })
      const taken = async (): Promise<AsyncGenerator<object>> => {
        let rows: AsyncGenerator<object> | undefined
        await wk.run(used.doctor, async () => {
          rows = open(wk)
          if (how === "begun") await rows.next()
        })
        return rows!
      }
      const everywhere = [
        ["WK101", async (rows: AsyncGenerator<object>) => await rows.next()],
        ["WK103", (rows: AsyncGenerator<object>) => wk.run(used.other, async () => await rows.next())],
        ["WK103", (rows: AsyncGenerator<object>) => wk.run(used.doctor, async () => await rows.next())],
        [
          "WK103",
          (rows: AsyncGenerator<object>) => wk.run(used.other, async () => await pipeline(rows, new Writable())),
        ],
      ] as const
      for (const [code, read] of everywhere) {
        const rows = await taken()
        await expect(read(rows)).rejects.toMatchObject({ code })
        // A reader that comes back must not take what it had for all there was.
        await expect(rows.next()).rejects.toMatchObject({ code })
        await wk.run(used.other, async () => expect((await wk.query("select 1 as n")).rows).toEqual([{ n: 1 }]))
      }
    },
  )

  it("is not read by another run that asks while its own is waiting", async () => {
    const wk = used.make({ max: 2 })
    let rows: AsyncGenerator<object> | undefined
    const own = wk.run(used.doctor, async () => {
      rows = open(wk)
      return await rows.next()
    })
    await expect(wk.run(used.other, async () => await rows!.next())).rejects.toMatchObject({ code: "WK103" })
    expect((await own).done).toBe(false)
    await expect(wk.run(used.doctor, async () => await rows!.next())).rejects.toMatchObject({ code: "WK103" })
  })

  it("may be read where its own run goes on: in a transaction, by a slow reader, beside other runs", async () => {
    const wk = used.make({ max: 2 })
    const inTransaction = wk.run(used.doctor, async () => {
      const rows = open(wk)
      let seen = 0
      await wk.tx(async (q) => {
        for await (const _row of rows) if (seen++ < 3) await q.query("select 1")
      })
      return seen
    })
    const slow = async (read: (rows: AsyncGenerator<object>, into: Writable) => Promise<void>): Promise<number> => {
      let seen = 0
      const into = new Writable({
        objectMode: true,
        highWaterMark: 2,
        write: (_row, _encoding, done) => {
          seen++
          setImmediate(done)
        },
      })
      await wk.run(used.doctor, async () => await read(open(wk), into))
      return seen
    }
    const plain = await slow(async (rows, into) => await pipeline(rows, into))
    expect(await slow(async (rows, into) => await pipeline(Readable.from(rows, { highWaterMark: 2 }), into))).toBe(
      plain,
    )
    expect(await inTransaction).toBe(plain)
    expect(plain).toBeGreaterThan(0)
  })
})
