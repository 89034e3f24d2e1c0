import { requireAccurate } from "../../../harness/src/delay-accuracy.ts"
import { delayProxy, describeAccuracy } from "../../../harness/src/delay-proxy.ts"
import type { Login } from "../data/prepare.ts"
import { oneSync } from "../one-sync.ts"
import { startPeers } from "../peers/index.ts"
import { type Patient, patientColumns, single, startPg } from "../peers/peer.ts"
import type { BenchResult, Variant } from "../rounds.ts"
import { any, contextOf, floors, handWritten, measure, type Stage, using } from "./stage.ts"

const one = `select ${patientColumns} from patient where id = $1`

/** One row by its key: what a context costs where there is nothing else to pay for. */
export async function point(stage: Stage): Promise<BenchResult[]> {
  const { measured } = stage
  return [
    await compare(stage, "point", measured.url, measured.acceleratedUrl, { rounds: 41, operations: 100, slow: 0.3 }),
  ]
}

/** The same with a network in between. The proxy works on the other core; client and server share one. */
export async function pointOverNetwork(stage: Stage): Promise<BenchResult[]> {
  const { measured } = stage
  stage.placement.anyCore()
  const proxy = await delayProxy(measured.url(measured.raw), 1)
  stage.report(describeAccuracy(proxy.accuracy))
  requireAccurate(proxy.accuracy)
  const through = (url: (login: Login) => string) => (login: Login) => {
    const changed = new URL(url(login))
    changed.host = new URL(proxy.url).host
    return changed.href
  }
  const { acceleratedUrl } = measured
  try {
    return [
      await compare(stage, "point, 1 ms round trip", through(measured.url), acceleratedUrl && through(acceleratedUrl), {
        rounds: 21,
        operations: 20,
        slow: 0.5,
      }),
    ]
  } finally {
    await proxy.close()
  }
}

async function compare(
  stage: Stage,
  name: string,
  url: (login: Login) => string,
  acceleratedUrl: ((login: Login) => string) | undefined,
  { rounds, operations, slow }: { rounds: number; operations: number; slow: number },
): Promise<BenchResult> {
  return await using(async (later) => {
    const { app, raw: rawLogin, plain } = stage.measured
    const unsigned = await later(startPg(url(plain)))
    const portable = await later(stage.openClient(url(app), { connections: 1 }))
    const shared = await later(stage.openClient(url(app), { connections: 1, shared: 1 }))
    const { peers, notRun } = await later(startPeers(url, plain))
    for (const [peer, reason] of Object.entries(notRun)) stage.report(`not run: ${peer}: ${reason}`)
    // Few enough that every session has met their pages after the warm-up.
    const few = stage.patients.slice(0, 10 * operations)
    const next = (): Patient => any(few)
    const signed = (client: typeof portable) => async () => {
      const patient = next()
      const { rows } = await client.run(contextOf(stage, patient), () => client.query(one, [patient.id]))
      single(rows, patient.clinic)
    }
    const variants: Variant[] = [
      ...(await floors(
        later,
        () => startPg(url(rawLogin)),
        "hand-written WHERE, prepared",
        (raw) => () => handWritten(raw)(next()),
      )),
      { name: "unsigned", kind: "ours", run: () => unsignedPoint(unsigned, next()) },
      { name: "signed portable", kind: "ours", run: signed(portable) },
      { name: "shared pipelined", kind: "ours", run: signed(shared) },
      {
        name: "in a transaction",
        kind: "ours",
        share: 0.5,
        run: async () => {
          const patient = next()
          await portable.run(contextOf(stage, patient), () =>
            portable.tx(async (tx) => single((await tx.query(one, [patient.id])).rows, patient.clinic)),
          )
        },
      },
      ...peers.map((peer): Variant => ({ name: peer.name, kind: "peer", share: slow, run: () => peer.point(next()) })),
    ]
    if (acceleratedUrl !== undefined) {
      const accelerated = await later(stage.openClient(acceleratedUrl(app), { connections: 1 }))
      variants.splice(4, 0, { name: "signed accelerated", kind: "ours", run: signed(accelerated) })
    }
    return await measure(stage, name, variants, { rounds, operations, warmUp: 50 })
  })
}

/** One Sync and an ordinary policy over a plain setting, on the copy: fast, and anybody who can run SQL can forge it. */
async function unsignedPoint(client: Awaited<ReturnType<typeof startPg>>, { clinic, id }: Patient): Promise<void> {
  const { rows } = await oneSync(
    client,
    { name: "set", text: "select where set_config('bench.clinic', $1, true) is null", values: [clinic] },
    { name: "point", text: `select ${patientColumns} from plain.patient where id = $1`, values: [id] },
  )
  single(rows, clinic)
}
