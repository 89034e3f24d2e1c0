import pg from "pg"
import { requireAccurate } from "../../../harness/src/delay-accuracy.ts"
import { delayProxy, describeAccuracy } from "../../../harness/src/delay-proxy.ts"
import type { Client } from "../client.ts"
import type { Measured } from "../data/prepare.ts"
import { type Patient, patientColumns, single } from "../peers/peer.ts"
import type { BenchOptions, BenchResult, Variant } from "../rounds.ts"
import { type AuditStage, bothClients, contextIn, measure } from "./stage.ts"

const one = `select ${patientColumns} from patient where id = $1`
const newest = `select ${patientColumns} from patient order by created_at desc limit 50`

export type Ask = (client: Client, measured: Measured, patient: Patient) => Promise<void>

export const viewOne: Ask = async (client, measured, patient) => {
  const { rows } = await client.run(contextIn(measured, patient), () => client.query(one, [patient.id]))
  single(rows, patient.clinic)
}

export const viewList: Ask = async (client, measured, patient) => {
  const { rows } = await client.run(contextIn(measured, patient), () => client.query(newest, []))
  if (rows.length !== 50) throw new Error("the list is not of 50 rows")
}

const patientsOf = (stage: AuditStage): (() => Patient) => {
  const few = stage.patients.slice(0, 500)
  return () => few[Math.floor(Math.random() * few.length)] as Patient
}

export interface OwnLog {
  readonly waits: string
  readonly log: (patient: Patient) => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * What an application does that has no Wardkeep: once the rows are here it writes who saw whom, into a table with a key and an
 * index on the patient. It says who acts itself, and nothing is sealed.
 */
export async function ownLog(
  { bare }: Pick<AuditStage, "bare">,
  connections: number,
  through: (url: string) => string = (url) => url,
  synchronous: "on" | "off" = "on",
): Promise<OwnLog> {
  const url = through(bare.url(bare.raw))
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    idleTimeoutMillis: 0,
    options: `-c synchronous_commit=${synchronous}`,
  })
  const text = "insert into access_log (clinic, branch, actor, relation, subject, n) values ($1, $2, $3, $4, $5, $6)"
  const log = async ({ clinic, branch, id }: Patient): Promise<void> => {
    const values = [clinic, branch, "asha", "public.patient", id, 1]
    const { rowCount } = await pool.query({ name: "own-log", text, values })
    if (rowCount !== 1) throw new Error("the view was not written down")
  }
  return { waits: synchronous === "on" ? "" : ", not waiting for the disk", log, close: () => pool.end() }
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
  const byHand = [await ownLog(stage, connections, through), await ownLog(stage, connections, through, "off")] as const
  try {
    return await measure(
      stage,
      name,
      [
        { name: "not recorded", kind: "floor", run: () => ask(bare, stage.bare, next()) },
        { name: "the floor again", kind: "noise", run: () => ask(again[0], stage.bare, next()) },
        { name: "recorded", kind: "ours", run: () => ask(recording, stage.audited, next()) },
        ...byHand.map(
          ({ waits, log }): Variant => ({
            name: `a log table of one's own, by a second statement${waits}`,
            kind: "peer",
            run: async () => {
              const patient = next()
              await ask(bare, stage.bare, patient)
              await log(patient)
            },
          }),
        ),
      ],
      options,
    )
  } finally {
    await Promise.all([bare, recording, ...again].map((client) => client.close()))
    await Promise.all(byHand.map(({ close }) => close()))
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
