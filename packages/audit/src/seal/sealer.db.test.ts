import type pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { type FuzzedClinic, startClinic } from "#tests/fuzz/sealing/clinic.ts"
import { expectSound } from "#tests/fuzz/sealing/expected.ts"
import { Ledger } from "#tests/fuzz/sealing/ledger.ts"
import { compare, type Difference } from "#tests/fuzz/sealing/oracle.ts"
import { describeReport, type FuzzReport, fuzzSealer } from "#tests/fuzz/sealing/run.ts"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
const options = {
  ...{ events: 20_000, seed, writers: 10, mostRows: 150 },
  ...{ every: 0.1, lifetime: 1000, deaths: 5, ahead: 3000, look: 150 },
}
let fuzzed: FuzzedClinic
let report: FuzzReport

beforeAll(async () => {
  fuzzed = await startClinic()
})
afterAll(() => fuzzed.server.stop())

it(`seals each committed event of ${options.events} once while it is killed, and nothing else (seed ${seed})`, async () => {
  report = await fuzzSealer(fuzzed, options)
  process.stdout.write(`${describeReport(seed, report)}\n`)
  expectSound(report)
}, 300_000)

describe("what compares the leaves with what was committed", () => {
  const sound = { lost: 0, doubled: 0, neverCommitted: 0, wrong: 0, outOfOrder: 0, misplaced: 0 }

  /** What it says of the log after a superuser's `sql`, which is undone. */
  const after = (sql: string, ledger = report.ledger): Promise<Difference> =>
    connected(fuzzed.adminUrl, async (client: pg.Client) => {
      await client.query("begin")
      await client.query("alter table wardkeep_audit.leaf drop constraint leaf_pkey, drop constraint leaf_event_key")
      await client.query(sql)
      const found = await compare(client, ledger)
      await client.query("rollback")
      return found
    })
  const log = "(select log from wardkeep_audit.leaf where event is not null group by 1 order by count(*) desc limit 1)"
  /** A leaf in the middle of the busiest log. */
  const chosen = `log = ${log} and index = (select max(index) / 2 from wardkeep_audit.leaf where log = ${log})`

  const twice = `insert into wardkeep_audit.leaf select log, index, hash, at, xid, event, seed, entry from wardkeep_audit.leaf where ${chosen}`

  it("finds nothing where nothing was done", async () => {
    expect(await after("select 1")).toMatchObject(sound)
  })

  it("finds a leaf that is not there, and one that is there twice", async () => {
    expect(await after(`delete from wardkeep_audit.leaf where ${chosen}`)).toMatchObject({ ...sound, lost: 1 })
    expect(await after(twice)).toMatchObject({ doubled: 1, lost: 0 })
  })

  it("finds as much of an event that no writer marked", async () => {
    const unmarked = `update wardkeep_audit.event set request = null where id = (select event from wardkeep_audit.leaf where ${chosen})`
    // Its writer's statement has one leaf less than it committed.
    expect(await after(unmarked)).toMatchObject({ ...sound, lost: 1 })
    expect(await after(`${unmarked}; delete from wardkeep_audit.leaf where ${chosen}`)).toMatchObject({ lost: 2 })
    expect(await after(`${unmarked}; ${twice}`)).toMatchObject({ lost: 1, doubled: 1 })
  })

  it("finds leaves of what was rolled back, and leaves in another order", async () => {
    const [undone, ...others] = report.ledger.committed
    const without = new Ledger()
    for (const each of others) without.commit(each)
    const events = undone?.written.reduce((sum, { first, last }) => sum + last - first + 1, 0)
    expect(await after("select 1", without)).toMatchObject({ ...sound, neverCommitted: events })
    const reversed = `update wardkeep_audit.leaf set index = 1000000 - index where log = ${log}`
    const found = await after(reversed)
    expect(found).toMatchObject({ lost: 0, doubled: 0, neverCommitted: 0 })
    expect(found.outOfOrder).toBeGreaterThan(0)
    expect(found.misplaced).toBeGreaterThan(0)
  })

  it("finds a leaf of an event that is not there, and one of another record", async () => {
    const of = `id = (select event from wardkeep_audit.leaf where ${chosen})`
    expect(await after(`delete from wardkeep_audit.event where ${of}`)).toMatchObject({ lost: 1, misplaced: 1 })
    const moved = `update wardkeep_audit.event set record = 'x', subject = 'x' where ${of}`
    expect(await after(moved)).toMatchObject({ ...sound, wrong: 1 })
  })
})
