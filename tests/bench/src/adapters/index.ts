import { createWardkeep } from "@wardkeep/postgres"
import pg from "pg"
import { requireAccurate } from "../../../harness/src/delay-accuracy.ts"
import { delayProxy, describeAccuracy } from "../../../harness/src/delay-proxy.ts"
import { any, contextOf, measure, type Stage, samplePatients, using } from "../context/stage.ts"
import { connected, type Login, prepareOn } from "../data/prepare.ts"
import { quickSize } from "../data/schema.ts"
import { type FiguresReport, judged, type RunOptions } from "../figures.ts"
import { describeMachine, Placement } from "../machine.ts"
import { type Patient, single } from "../peers/peer.ts"
import type { BenchResult } from "../rounds.ts"
import { serverSettings, startServer } from "../server.ts"
import { type MeasuredOrm, measuredOrms } from "./orms.ts"

/** Issue 6: ORM and Wardkeep over the ORM alone, one row by its key, 1 ms round trip. */
const most = 1.3
const inContext = "in a context"

/** What an ORM's point query costs through its adapter, over the same ORM on a pool of `pg` with a `where` written by hand. */
export async function runAdapters(options: RunOptions): Promise<FiguresReport> {
  const names = measuredOrms.map(({ name }) => name.toLowerCase())
  const unknown = options.benches.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(", ")}; there are ${names.join(", ")}`)
  const machine = describeMachine()
  const server = await startServer(options.server)
  try {
    const { url, measured } = await prepareOn(server, quickSize, { accelerated: false })
    const patients = await connected(url, (client) => samplePatients(client, measured, 200))
    const stage: Stage = {
      measured,
      placement: new Placement(server.pid),
      quick: options.quick,
      patients,
      report: options.report,
      openClient: neverOpened,
    }
    stage.placement.anyCore()
    const proxy = await delayProxy(measured.url(measured.raw), 1)
    options.report(describeAccuracy(proxy.accuracy))
    requireAccurate(proxy.accuracy)
    const through = (login: Login): string =>
      Object.assign(new URL(measured.url(login)), { host: new URL(proxy.url).host }).href
    const benches: BenchResult[] = []
    try {
      for (const orm of measuredOrms)
        if (options.benches.length === 0 || options.benches.includes(orm.name.toLowerCase()))
          benches.push(await compare(stage, orm, through))
    } finally {
      await proxy.close()
    }
    return {
      set: "adapters",
      machine,
      server: { version: measured.server, settings: serverSettings, fsync: false },
      node: process.versions.node,
      date: new Date().toISOString(),
      command: options.command,
      quick: options.quick,
      benches,
      bars: benches.map(({ name, ours, iqr }) => {
        const quartiles = iqr[inContext]
        return judged({
          what: name,
          unit: "×",
          measured: ours[inContext] ?? Number.NaN,
          most,
          ...(quartiles && { iqr: quartiles }),
        })
      }),
    }
  } finally {
    await server.stop()
  }
}

/** Every variant has one connection of its own, and every answer is looked at. */
async function compare(stage: Stage, orm: MeasuredOrm, url: (login: Login) => string): Promise<BenchResult> {
  return await using(async (later) => {
    const { app, raw, policy } = stage.measured
    const pool = async (): Promise<pg.Pool> =>
      await later(Promise.resolve(new pg.Pool({ connectionString: url(raw), max: 1, idleTimeoutMillis: 0 })))
    const wk = await later(
      Promise.resolve(createWardkeep({ pool: { connectionString: url(app), max: 1, idleTimeoutMillis: 0 }, policy })),
    )
    const [first, again, through] = [orm.alone(await pool()), orm.alone(await pool()), orm.inContext(wk)]
    const next = (): Patient => any(stage.patients)
    const run = (point: typeof first) => async () => {
      const patient = next()
      single(await point(patient), patient.clinic)
    }
    return await measure(
      stage,
      `${orm.name}, one row by its key, 1 ms round trip`,
      [
        { name: "the ORM alone", kind: "floor", run: run(first) },
        { name: "the ORM alone, again", kind: "noise", run: run(again) },
        {
          name: inContext,
          kind: "ours",
          run: async () => {
            const patient = next()
            single(await wk.run(contextOf(stage, patient), async () => await through(patient)), patient.clinic)
          },
        },
      ],
      { rounds: 21, operations: 40, warmUp: 50 },
    )
  })
}

const neverOpened: Stage["openClient"] = () => Promise.reject(new Error("the adapters have clients of their own"))
