import pg from "pg"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useClient(database)

const inDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const add = "insert into patient (full_name) values ($1)"
const count = async (name: string): Promise<number> =>
  (await used.wk.query("select from patient where full_name = $1", [name])).rowCount ?? -1

describe("wk.pool", () => {
  it("is a pg.Pool to those who ask", () => {
    expect(used.wk.pool).toBeInstanceOf(pg.Pool)
    expect(used.wk.pool.totalCount).toBeGreaterThanOrEqual(0)
  })

  it("takes texts, configurations, array rows and parsers of one's own; a given name is not used", async () => {
    await inDoctor(async () => {
      expect((await used.wk.pool.query("select 1 as n")).rows).toEqual([{ n: 1 }])
      expect((await used.wk.pool.query({ text: "select $1::int as n", values: [2], name: "mine" })).rows).toEqual([
        { n: 2 },
      ])
      expect((await used.wk.pool.query({ text: "select $1::int as n", name: "mine" }, [3])).rows).toEqual([{ n: 3 }])
      expect((await used.wk.pool.query({ text: "select 1, 2", values: [], rowMode: "array" })).rows).toEqual([[1, 2]])
      const types = { getTypeParser: () => (value: string) => `<${value}>` }
      for (let i = 0; i < 2; i++) {
        const { rows } = await used.wk.pool.query({ text: "select 7 as n", values: [], types })
        expect(rows).toEqual([{ n: "<7>" }])
        expect((await used.wk.pool.query("select 7 as n")).rows).toEqual([{ n: 7 }])
      }
    })
  })

  it("needs a context when a client is asked for, not later", async () => {
    await expect(used.wk.pool.connect()).rejects.toMatchObject({ code: "WK101" })
    await expect(used.wk.pool.query("select 1")).rejects.toMatchObject({ code: "WK101" })
    const client = await inDoctor(() => used.wk.pool.connect())
    expect((await client.query("select wardkeep.actor() as a")).rows).toEqual([{ a: "doctor-0" }])
    await used.wk.run(used.other, async () => {
      await expect(client.query("select 1")).rejects.toMatchObject({ code: "WK103" })
    })
    client.release()
  })

  it("calls callbacks back in their caller's context", async () => {
    const actors = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const session = n % 2 === 0 ? used.doctor : used.other
        return await used.wk.run(session, async () => [
          session.actor,
          await new Promise<string>((resolve, reject) => {
            used.wk.pool.connect((error, client, done) => {
              if (error !== undefined || client === undefined) return reject(error)
              client.query("select 1", (failed: Error | null) => {
                done()
                if (failed) reject(failed)
                else resolve(used.wk.requireContext().actor)
              })
            })
          }),
        ])
      }),
    )
    for (const [expected, found] of actors) expect(found).toBe(expected)
  })

  it("refuses what would speak to the connection itself, and other statements", async () => {
    await inDoctor(async () => {
      const client = await used.wk.pool.connect()
      const cursor = new pg.Query("select 1")
      await expect(client.query(cursor as never)).rejects.toMatchObject({ code: "WK108" })
      await expect(client.query("set role none")).rejects.toMatchObject({ code: "WK108" })
      await expect(client.query("listen x")).rejects.toMatchObject({ code: "WK108" })
      client.release()
    })
  })

  it("refuses options that would put foreign statements on its sessions", () => {
    for (const option of [{ onConnect: () => undefined }, { verify: () => undefined }, { Client: pg.Client }])
      expect(() => used.make({ pool: option as pg.PoolConfig })).toThrowError(
        expect.objectContaining({ code: "WK009" }),
      )
  })

  it("reads a given pg.Pool for its options and opens nothing on it", async () => {
    const given = new pg.Pool({ connectionString: database.appUrl(used.clinic.logins.app), max: 1 })
    const wk = used.make({ pool: given })
    await wk.run(used.doctor, async () => expect((await wk.query("select 1")).rowCount).toBe(1))
    expect(given.totalCount).toBe(0)
    await given.end()
  })
})

describe("a client of wk.pool", () => {
  it("runs BEGIN to COMMIT in one transaction, SET TRANSACTION included", async () => {
    await inDoctor(async () => {
      const client = await used.wk.pool.connect()
      expect((await client.query("BEGIN")).command).toBe("BEGIN")
      await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
      const { rows } = await client.query("select current_setting('transaction_isolation') as i")
      expect(rows).toEqual([{ i: "repeatable read" }])
      await client.query(add, ["orm"])
      await client.query("savepoint sp1")
      await client.query(add, ["orm undone"])
      await client.query("ROLLBACK TO SAVEPOINT sp1")
      await client.query("release savepoint sp1")
      expect(await count("orm")).toBe(0)
      await client.query("COMMIT;")
      client.release()
      expect([await count("orm"), await count("orm undone")]).toEqual([1, 0])
    })
  })

  it("is rolled back when it is released inside a transaction", async () => {
    await inDoctor(async () => {
      const client = await used.wk.pool.connect()
      await client.query("begin")
      await client.query(add, ["left open"])
      client.release()
      client.release()
      await expect(client.query("select 1")).rejects.toMatchObject({ code: "WK103" })
      expect(await count("left open")).toBe(0)
    })
  })

  it("that is never released takes no connection from others", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      for (let i = 0; i < 20; i++) await (await wk.pool.connect()).query("select 1")
      expect((await wk.query("select 1")).rowCount).toBe(1)
    })
  })

  it("says when COMMIT was a ROLLBACK", async () => {
    await inDoctor(async () => {
      const client = await used.wk.pool.connect()
      await client.query("begin")
      await client.query("select 1/0").catch(() => undefined)
      await expect(client.query("commit")).rejects.toMatchObject({ code: "WK103" })
      await client.query("rollback")
      expect((await client.query("select 1 as n")).rows).toEqual([{ n: 1 }])
      client.release()
    })
  })
})
