import pg from "pg"
import { requireAccurate } from "../../../harness/src/delay-accuracy.ts"
import { delayProxy, describeAccuracy } from "../../../harness/src/delay-proxy.ts"
import type { Login } from "../data/prepare.ts"
import { type Patient, patientColumns, single } from "../peers/peer.ts"
import type { BenchResult } from "../rounds.ts"
import { any, contextOf, measure, type Stage, using } from "./stage.ts"

/** Thirty-two requests of random tenants at a time, as a web server sees them. */
export async function concurrent(stage: Stage): Promise<BenchResult[]> {
  return [await compare(stage, "32 concurrent requests", stage.measured.url, 800)]
}

export async function concurrentOverNetwork(stage: Stage): Promise<BenchResult[]> {
  const { measured } = stage
  stage.placement.anyCore()
  const proxy = await delayProxy(measured.url(measured.raw), 1)
  stage.report(describeAccuracy(proxy.accuracy))
  requireAccurate(proxy.accuracy)
  const through = (login: Login): string => {
    const changed = new URL(measured.url(login))
    changed.host = new URL(proxy.url).host
    return changed.href
  }
  try {
    return [await compare(stage, "32 concurrent requests, 1 ms round trip", through, 800)]
  } finally {
    await proxy.close()
  }
}

async function compare(
  stage: Stage,
  name: string,
  url: (login: Login) => string,
  operations: number,
): Promise<BenchResult> {
  return await using(async (later) => {
    const { app, raw, plain } = stage.measured
    const pooled = async (login: Login): Promise<pg.Pool> =>
      await later(Promise.resolve(new pg.Pool({ connectionString: url(login), max: 8, idleTimeoutMillis: 0 })))
    const [pool, again, textbook] = [await pooled(raw), await pooled(raw), await pooled(plain)]
    const shared = await later(stage.openClient(url(app), { connections: 8, shared: 2 }))
    const own = await later(stage.openClient(url(app), { connections: 8 }))
    const text = `select ${patientColumns} from patient where clinic_id = $1 and id = $2`
    const byHand = (from: pg.Pool) => async (): Promise<void> => {
      const { clinic, id } = any(stage.patients)
      single((await from.query({ name: "floor", text, values: [clinic, id] })).rows, clinic)
    }
    const signed = (client: typeof shared) => async (): Promise<void> => {
      const patient = any(stage.patients)
      const { rows } = await client.run(contextOf(stage, patient), () =>
        client.query(`select ${patientColumns} from patient where id = $1`, [patient.id]),
      )
      single(rows, patient.clinic)
    }
    return await measure(
      stage,
      name,
      [
        { name: "raw pool of 8, no isolation", kind: "floor", run: byHand(pool) },
        { name: "the floor again", kind: "noise", run: byHand(again) },
        { name: "signed, 2 shared pipelined connections", kind: "ours", run: signed(shared) },
        { name: "signed, pool of 8", kind: "note", run: signed(own) },
        {
          name: "pool of 8, awaited BEGIN, set_config, query, COMMIT",
          kind: "peer",
          share: 0.5,
          run: () => textbookRequest(textbook, any(stage.patients)),
        },
      ],
      { rounds: 25, operations, concurrency: 32 },
    )
  })
}

async function textbookRequest(pool: pg.Pool, { clinic, id }: Patient): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query("begin")
    await client.query({ name: "set", text: "select set_config('bench.clinic', $1, true)", values: [clinic] })
    const text = `select ${patientColumns} from plain.patient where id = $1`
    const { rows } = await client.query({ name: "point", text, values: [id] })
    await client.query("commit")
    single(rows, clinic)
  } finally {
    client.release()
  }
}
