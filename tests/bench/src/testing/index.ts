import { randomUUID } from "node:crypto"
import { createIssuer, createWardkeep } from "@wardkeep/postgres"
import { openStage, type Stage } from "wardkeep/testing"
import { type Measured, prepareOn } from "../data/prepare.ts"
import { quickSize } from "../data/schema.ts"
import { type FiguresReport, judged, type RunOptions } from "../figures.ts"
import { describeMachine } from "../machine.ts"
import { serverSettings, startServer } from "../server.ts"
import { median } from "../statistics.ts"

/** Issue 6: milliseconds above the same test with a session that is kept. */
const most = 5
/** Twice the stage's default batch: making clinics for the tests to come is in each round. */
const tests = 40

const milliseconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = process.hrtime.bigint()
  for (let n = 0; n < tests; n++) await work()
  return Number(process.hrtime.bigint() - began) / 1e6 / tests
}

interface Took {
  readonly kept: number
  readonly own: number
}

/** What `wardkeep/testing` adds to a test that signs one person in and reads once. */
export async function runTesting(options: RunOptions): Promise<FiguresReport> {
  if (options.benches.length > 0) throw new Error("--bench: testing is one measurement")
  const machine = describeMachine()
  const server = await startServer(options.server)
  try {
    const { measured } = await prepareOn(server, quickSize, { accelerated: false })
    const rounds = await timed(measured, options.quick ? 9 : 41)
    const added = rounds.map(({ kept, own }) => own - kept).sort((a, b) => a - b)
    const at = (share: number): number => added[Math.floor(share * (added.length - 1))] ?? Number.NaN
    const what = "a test with a clinic of its own and one person signed in, above the same test in a kept session"
    const kept = median(rounds.map((round) => round.kept))
    return {
      set: "testing",
      machine,
      server: { version: measured.server, settings: serverSettings, fsync: false },
      node: process.versions.node,
      date: new Date().toISOString(),
      command: options.command,
      quick: options.quick,
      benches: [],
      bars: [
        judged({ what, unit: "ms", measured: median(added), most, iqr: [at(0.25), at(0.75)] }),
        judged({ what: "the same test in a kept session", unit: "ms", measured: kept }),
      ],
    }
  } finally {
    await server.stop()
  }
}

/** Milliseconds for each test, by rounds, both in turn. The mean of a round: one test in a batch waits for all its clinics. */
async function timed({ url, app, issuer: login, key, migrator, policy, contexts }: Measured, rounds: number) {
  const wk = createWardkeep({ pool: { connectionString: url(app), max: 2 }, policy })
  const issuer = createIssuer({ pool: { connectionString: url(login), max: 2 }, keyId: key.id, key: key.secret })
  const place = (name: string) => () => ({ id: randomUUID(), name })
  let stage: Stage<"A" | "B"> | undefined
  try {
    stage = await openStage({
      wk,
      issuer,
      policy,
      migrator: url(migrator),
      branches: { A: place("A"), B: place("B") },
      clinic: (n) => ({ id: randomUUID(), name: `clinic ${n}` }),
    })
    const { newClinic } = stage
    const read = async (): Promise<void> => void (await wk.query("select id from patient limit 1"))
    const kept = () => wk.run(contexts.one(1, 0), read)
    const own = async () => await (await newClinic()).asRole("doctor", { branch: "A" }, read)
    await milliseconds(kept)
    await milliseconds(own)
    const took: Took[] = []
    for (let round = 0; round < rounds; round++) {
      const [first, second] = round % 2 === 0 ? [kept, own] : [own, kept]
      const [one, two] = [await milliseconds(first), await milliseconds(second)]
      took.push(round % 2 === 0 ? { kept: one, own: two } : { kept: two, own: one })
    }
    return took
  } finally {
    await stage?.close()
    await Promise.all([wk.close(), issuer.close()])
  }
}
