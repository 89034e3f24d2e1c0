import { afterAll, beforeAll, expect, it } from "vitest"
import { type FuzzedClinic, startClinic } from "#tests/fuzz/sealing/clinic.ts"
import { expectSound } from "#tests/fuzz/sealing/expected.ts"
import { describeReport, fuzzSealer } from "#tests/fuzz/sealing/run.ts"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
const events = Number(process.env.WARDKEEP_FUZZ_STATEMENTS ?? 1_000_000)
const options = {
  ...{ events, seed, writers: 12, mostRows: 800 },
  ...{ every: 0.5, lifetime: 5000, deaths: 10, ahead: 30_000, look: 1000 },
}
let fuzzed: FuzzedClinic

beforeAll(async () => {
  fuzzed = await startClinic()
})
afterAll(() => fuzzed.server.stop())

it(`seals each committed event of ${events} once while it is killed every 5 s, and nothing else (seed ${seed})`, async () => {
  const report = await fuzzSealer(fuzzed, options)
  process.stdout.write(`${describeReport(seed, report)}\n`)
  expectSound(report)
  expect(report.events).toBeGreaterThanOrEqual(events)
}, 7_200_000)
