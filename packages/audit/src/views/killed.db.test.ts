import { setTimeout as sleep } from "node:timers/promises"
import { beforeAll, describe, expect, it } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import type { Orders } from "#tests/durability/reader.ts"
import { bundleReader, type Handed, startReading } from "#tests/durability/reading-process.ts"
import { shortly, unrecorded } from "#tests/durability/recorded.ts"
import { wayNames } from "#tests/durability/ways.ts"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { generator } from "#tests/fuzz/random.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })
let folder: string
let patients: readonly string[]

beforeAll(async () => {
  folder = await emptyFolder()
  await bundleReader(folder)
  const { branch } = used.clinic.branches[0]
  patients = (await used.admin<{ id: string }>("select id from patient where branch_id = $1", [branch])).map(
    ({ id }) => id,
  )
})

const ordersOf = (name: string, life: number): Orders => ({
  url: database.appUrl(used.clinic.logins.app),
  policy: used.clinic.policy,
  session: used.doctor,
  patients,
  survives: "process",
  ways: wayNames,
  seed: seed + life,
  name: `${name}${life}`,
  handsOutFirst: false,
})

/** A process that reads is killed at some moment; what it had handed out until then. */
async function killedWhileReading(orders: Orders): Promise<readonly Handed[]> {
  const random = generator(orders.seed * 1000)
  const reader = startReading(folder, orders)
  await reader.hasRead(1 + Math.floor(random() * 6))
  await sleep(random() * 20)
  const { handed, failed } = await reader.kill()
  expect(failed, orders.name).toEqual([])
  return handed
}

/** So many lives, `beside` each other. */
async function lives(count: number, beside: number, orders: (life: number) => Orders): Promise<readonly Handed[]> {
  const handed: Handed[] = []
  let next = 0
  const live = async (): Promise<void> => {
    for (let life = next++; life < count; life = next++) handed.push(...(await killedWhileReading(orders(life))))
  }
  await Promise.all(Array.from({ length: beside }, live))
  return handed
}

const missing = async (handed: readonly Handed[], isEnough?: "undetermined"): Promise<string[]> =>
  (await connected(database.adminUrl, (admin) => unrecorded(admin, handed, isEnough))).map(shortly)

describe(`who was shown what stands in the log, seed ${seed}`, () => {
  it("after each of 30 processes was killed while it read, in whatever way", async () => {
    // Two ways each, so that most texts are executed again.
    const two = (life: number): string[] => [life, life + 3].flatMap((n) => wayNames[n % wayNames.length] ?? [])
    const handed = await lives(30, 4, (life) => ({ ...ordersOf("killed", life), ways: two(life) }))
    expect(new Set(handed.map(({ way }) => way))).toEqual(new Set(wayNames))
    expect(await missing(handed)).toEqual([])
  }, 180_000)

  it("after sessions of the reader were ended by the server", async () => {
    const reader = startReading(folder, ordersOf("ended", 1))
    const random = generator(seed)
    await reader.hasRead(2)
    // The client hides the end of a session that nobody was using.
    for (let ended = 0; ended < 15 || reader.said().failed.length < 3; ) {
      await sleep(random() * 60)
      const ending =
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 order by state_change desc limit 1"
      ended += (await used.admin(ending, [used.clinic.logins.app.user])).length
    }
    const until = new Set(reader.said().handed.map(({ request }) => request)).size
    await reader.hasRead(until + 5)
    const { handed } = await reader.kill()
    // A session that ends before it was asked whose the rows are leaves an event that says so.
    expect(await missing(handed, "undetermined")).toEqual([])
  }, 180_000)

  it("and not after a client was killed that hands rows out before their event", async () => {
    const handed = await lives(3, 3, (life) => ({ ...ordersOf("first", life), handsOutFirst: true }))
    expect(await missing(handed)).toEqual(handed.map(shortly))
  })
})
