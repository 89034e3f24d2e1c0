import { setTimeout as sleep } from "node:timers/promises"
import { Client } from "pg"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type DelayProxy, delayProxy, describeAccuracy } from "../src/index.ts"
import { useDatabase } from "../src/use-database.ts"

const db = useDatabase()
let proxy: DelayProxy

beforeAll(async () => {
  proxy = await delayProxy(db.adminUrl, 1)
  process.stdout.write(`${describeAccuracy(proxy.accuracy)}\n`)
})
afterAll(() => proxy?.close())

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  return client
}

test("holds every answer back", async () => {
  // Calibrated on a busy machine, it may add less than it was asked for; how exact it is, each bench finds out before it measures.
  const slow = await delayProxy(db.adminUrl, 100, { pings: 5 })
  try {
    const client = await connected(slow.url)
    for (let turn = 0; turn < 5; turn++) {
      const began = performance.now()
      await client.query("select 1")
      expect(performance.now() - began).toBeGreaterThan(50)
    }
    await client.end()
  } finally {
    await slow.close()
  }
})

test("keeps the order of bytes in large answers", async () => {
  const client = await connected(proxy.url)
  const { rows } = await client.query("select g, repeat('x', 1000) as pad from generate_series(1, 20000) g")
  expect(rows.map((row) => row.g)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
  await client.end()
})

test("stall holds an answer until resume", async () => {
  const client = await connected(proxy.url)
  await proxy.stall()
  let answered = false
  const answer = client.query("select 1").then(() => {
    answered = true
  })
  await sleep(150)
  expect(answered).toBe(false)
  await proxy.resume()
  await answer
  await client.end()
})

test("killAll breaks a running statement, and a new connection works", async () => {
  const client = await connected(proxy.url)
  const running = client.query("select pg_sleep(30)")
  const broken = expect(running).rejects.toThrow()
  await sleep(50)
  await proxy.killAll()
  await broken
  const next = await connected(proxy.url)
  await next.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%' and datname = current_database()",
  )
  await next.end()
})
