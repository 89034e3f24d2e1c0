import { requireAccurate } from "../../../harness/src/delay-accuracy.ts"
import { delayProxy, describeAccuracy } from "../../../harness/src/delay-proxy.ts"
import type { Client } from "../client.ts"
import type { Measured } from "../data/prepare.ts"
import { type Patient, patientColumns, single } from "../peers/peer.ts"
import type { BenchOptions, BenchResult } from "../rounds.ts"
import { type AuditStage, bothClients, contextIn, measure } from "./stage.ts"

const one = `select ${patientColumns} from patient where id = $1`
const newest = `select ${patientColumns} from patient order by created_at desc limit 50`

type Ask = (client: Client, measured: Measured, patient: Patient) => Promise<void>

const viewOne: Ask = async (client, measured, patient) => {
  const { rows } = await client.run(contextIn(measured, patient), () => client.query(one, [patient.id]))
  single(rows, patient.clinic)
}

const viewList: Ask = async (client, measured, patient) => {
  const { rows } = await client.run(contextIn(measured, patient), () => client.query(newest, []))
  if (rows.length !== 50) throw new Error("the list is not of 50 rows")
}

const patientsOf = (stage: AuditStage): (() => Patient) => {
  const few = stage.patients.slice(0, 500)
  return () => few[Math.floor(Math.random() * few.length)] as Patient
}

async function compare(
  stage: AuditStage,
  name: string,
  ask: Ask,
  options: BenchOptions,
  through?: (url: string) => string,
): Promise<BenchResult> {
  const connections = options.concurrency ?? 1
  const [bare, recording] = await bothClients(stage, connections, through)
  const [again] = [await bothClients(stage, connections, through)]
  const next = patientsOf(stage)
  try {
    return await measure(
      stage,
      name,
      [
        { name: "not recorded", kind: "floor", run: () => ask(bare, stage.bare, next()) },
        { name: "the floor again", kind: "noise", run: () => ask(again[0], stage.bare, next()) },
        { name: "recorded", kind: "ours", run: () => ask(recording, stage.audited, next()) },
      ],
      options,
    )
  } finally {
    await Promise.all([bare, recording, ...again].map((client) => client.close()))
  }
}

/** One record, from the second execution of the text on: the passes before the first round are the first. */
export const viewOfOne = (stage: AuditStage): Promise<BenchResult> =>
  compare(stage, "view of one record, 1 client", viewOne, { rounds: 41, operations: 100, warmUp: 5 })

export const viewsOfSixteen = (stage: AuditStage): Promise<BenchResult> =>
  compare(stage, "view of one record, 16 clients", viewOne, {
    rounds: 25,
    operations: 800,
    concurrency: 16,
    warmUp: 2,
  })

export const listOfFifty = (stage: AuditStage): Promise<BenchResult> =>
  compare(stage, "list of 50 rows, 16 clients", viewList, { rounds: 21, operations: 320, concurrency: 16, warmUp: 2 })

export async function viewOverNetwork(stage: AuditStage): Promise<BenchResult> {
  stage.placement.anyCore()
  const proxy = await delayProxy(stage.bare.url(stage.bare.raw), 1)
  stage.report(describeAccuracy(proxy.accuracy))
  if (!stage.quick) requireAccurate(proxy.accuracy)
  const through = (url: string): string => {
    const changed = new URL(url)
    changed.host = new URL(proxy.url).host
    return changed.href
  }
  try {
    const options = { rounds: 21, operations: 40, warmUp: 3 }
    return await compare(stage, "view of one record, 1 ms round trip", viewOne, options, through)
  } finally {
    await proxy.close()
  }
}
