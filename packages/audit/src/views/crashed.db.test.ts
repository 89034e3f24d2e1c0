import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { clinicAt, type EndangeredClinic, installOn, startServer } from "#tests/durability/clinic.ts"
import { bundleReader, type Handed, startReading } from "#tests/durability/reading-process.ts"
import { shortly, unrecorded } from "#tests/durability/recorded.ts"
import { wayNames } from "#tests/durability/ways.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { crash } from "#tests/harness/src/copies.ts"
import type { EmbeddedServer } from "#tests/harness/src/embedded.ts"

/** Longer than PostgreSQL's own 200 ms, which a writer that waits for a processor does not keep, and the longest that it takes. */
const [usual, longest] = [1_000, 10_000]
const nanoseconds = 1_000_000n

/** A write waits for the disk, and what was recorded before it reaches the disk with it. */
const ways = wayNames.filter((way) => way !== "returning")

let server: EmbeddedServer
let used: EndangeredClinic
let folder: string

beforeAll(async () => {
  folder = await emptyFolder()
  await bundleReader(folder)
  // Whatever commits beside the readers writes to the disk what they recorded.
  server = await startServer({ settings: { autovacuum: false, wal_writer_delay: `${usual}ms` } })
  used = await installOn(server, 5)
})
afterAll(async () => await server?.stop())

interface Lost {
  /** What the log does not know once the server is up again. */
  readonly unknown: readonly Handed[]
  readonly handed: readonly Handed[]
  readonly crashedAt: bigint
}

/** The server crashes while somebody reads, and is started again. */
async function crashWhileReading(survives: "process" | "server", delay: number): Promise<Lost> {
  const name = `${survives}${delay}`
  await connected(clinicAt(server), (admin) => admin.query(`alter system set wal_writer_delay = '${delay}ms'`))
  await connected(clinicAt(server), (admin) => admin.query("select pg_reload_conf()"))
  const { clinic, doctor: session, patients } = used
  const url = withLogin(clinicAt(server), clinic.logins.app)
  const asked = { url, policy: clinic.policy, session, patients, survives, ways }
  const reader = startReading(folder, { ...asked, seed: delay, name, handsOutFirst: false })
  await reader.hasRead(20)
  await sleep(4 * usual)
  const crashedAt = await crash(server)
  const { handed } = await reader.kill()
  server = await server.restart()
  return { handed, unknown: await connected(clinicAt(server), (admin) => unrecorded(admin, handed)), crashedAt }
}

describe("a crash of the server takes along", () => {
  it("views of its last three wal_writer_delay, and none before", async () => {
    const { handed, unknown, crashedAt } = await crashWhileReading("process", usual)
    const since = crashedAt - BigInt(3 * usual) * nanoseconds
    expect(handed.filter((each) => each.at < since).length).toBeGreaterThan(0)
    expect(unknown.filter((each) => each.at < since).map(shortly)).toEqual([])
  })

  it("views of a longer time where wal_writer_delay is longer", async () => {
    const { unknown } = await crashWhileReading("process", longest)
    expect(unknown.length).toBeGreaterThan(0)
  })

  it("none that `survives: server` recorded, however long it is", async () => {
    const { unknown } = await crashWhileReading("server", longest)
    expect(unknown.map(shortly)).toEqual([])
  })
})
