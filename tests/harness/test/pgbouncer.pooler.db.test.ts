import { existsSync } from "node:fs"
import { Client } from "pg"
import { describe, expect, test } from "vitest"
import { findPgBouncer, startPgBouncer, withClient } from "../src/index.ts"
import { useDatabase } from "../src/use-database.ts"

describe.skipIf(findPgBouncer() === undefined)("PgBouncer", () => {
  const db = useDatabase({ pooler: { poolSize: 1 } })

  test("is on the way of the application, in transaction mode", async () => {
    const login = await db.cluster.login()
    const connect = async () => {
      const client = new Client({ connectionString: db.appUrl(login) })
      await client.connect()
      return client
    }
    const backend = async (client: Client) =>
      (await client.query<{ pid: number; port: number }>("select pg_backend_pid() as pid")).rows[0]?.pid
    const [first, second] = [await connect(), await connect()]
    const pids = [await backend(first), await backend(second)]
    expect(pids[0]).toBe(pids[1])
    await Promise.all([first.end(), second.end()])
  })

  test("says whether named statements work, and is right", async () => {
    const login = await db.cluster.login()
    const named = withClient(db.appUrl(login), async (first) => {
      await first.query({ name: "mine", text: "select 1 as one" })
      await withClient(db.appUrl(login), (other) => other.query({ name: "mine", text: "select 2 as two" }))
      return (await first.query({ name: "mine", text: "select 1 as one" })).rows
    })
    if (db.pooler?.supportsNamedStatements) expect(await named).toEqual([{ one: 1 }])
    else await expect(named).rejects.toThrow(/prepared statement "mine"/)
  })

  test("knows a client that was not released", async () => {
    const client = new Client({ connectionString: db.appUrl(await db.cluster.login()) })
    await client.connect()
    expect(await db.pooler?.clients(db.databaseName)).toHaveLength(1)
    await client.end()
  })

  test("refuses a wrong password", async () => {
    const { user } = await db.cluster.login()
    const attempt = withClient(db.appUrl({ user, password: "wrong" }), (client) => client.query("select 1"))
    await expect(attempt).rejects.toThrow()
  })

  test("can be limited to a list of users", async () => {
    const listed = await db.cluster.login()
    const other = await db.cluster.login()
    const pooler = await startPgBouncer(db.cluster, { users: { [listed.user]: listed.password } })
    try {
      const via = ({ user, password }: { user: string; password: string }) =>
        withClient(`postgres://${user}:${password}@127.0.0.1:${pooler.port}/${db.databaseName}`, (client) =>
          client.query("select 1"),
        )
      expect((await via(listed)).rowCount).toBe(1)
      await expect(via(other)).rejects.toThrow()
    } finally {
      await pooler.stop()
    }
    await expect(withClient(pooler.url, (client) => client.query("select 1"))).rejects.toThrow("ECONNREFUSED")
  })
})

test("absence is detected, not assumed", () => {
  const path = findPgBouncer()
  expect(path === undefined || existsSync(path)).toBe(true)
})
