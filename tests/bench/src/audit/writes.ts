import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import type { Client } from "../client.ts"
import type { Measured } from "../data/prepare.ts"
import type { Patient } from "../peers/peer.ts"
import type { BenchOptions, BenchResult, Variant } from "../rounds.ts"
import { type AuditStage, bothClients, contextIn, measure } from "./stage.ts"

export type Write = (client: Client, measured: Measured, patient: Patient) => Promise<void>

const insertVisit = "insert into visit (id, patient_id, at, reason) values ($1, $2, now(), 'fever')"
const insertMany =
  "insert into visit (id, patient_id, at, reason) select gen_random_uuid(), $1, now(), 'fever' from generate_series(1, 1000)"
const owe = "update patient set balance = balance + 1 where id = $1"

const inContext =
  (work: (client: Client, patient: Patient) => Promise<unknown>): Write =>
  async (client, measured, patient) =>
    void (await client.run(contextIn(measured, patient), () => work(client, patient)))

export const insertOne = inContext((client, { id }) => client.query(insertVisit, [randomUUID(), id]))
export const updateOne = inContext((client, { id }) => client.query(owe, [id]))

/** The same by hand, on a login without row-level security. */
export const updateByHand = async (raw: pg.Pool | pg.Client, { clinic, id }: Patient): Promise<void> => {
  const text = "update patient set balance = balance + 1 where clinic_id = $1 and id = $2"
  const { rowCount } = await raw.query({ name: "floor", text, values: [clinic, id] })
  if (rowCount !== 1) throw new Error("the floor missed its row")
}

/** Few enough, that the rows of both databases are in memory. */
const writtenIn = ({ patients }: Pick<AuditStage, "patients">): readonly Patient[] => patients.slice(0, 500)

async function compare(
  stage: AuditStage,
  name: string,
  write: Write,
  options: BenchOptions,
  floor?: (patient: Patient) => Promise<void>,
): Promise<BenchResult> {
  const [bare, recording] = await bothClients(stage, options.concurrency ?? 1)
  const few = writtenIn(stage)
  const next = (): Patient => few[Math.floor(Math.random() * few.length)] as Patient
  const unaudited: Variant = {
    name: "not recorded",
    kind: floor === undefined ? "floor" : "note",
    run: () => write(bare, stage.bare, next()),
  }
  const raw: Variant[] =
    floor === undefined ? [] : [{ name: "raw, prepared by hand", kind: "floor", run: () => floor(next()) }]
  const recorded: Variant = { name: "recorded", kind: "ours", run: () => write(recording, stage.audited, next()) }
  try {
    return await measure(stage, name, [...raw, unaudited, recorded], options)
  } finally {
    await Promise.all([bare.close(), recording.close()])
  }
}

export async function inserts(stage: AuditStage): Promise<BenchResult[]> {
  return [
    await compare(stage, "insert of one row, 1 writer", insertOne, { rounds: 21, operations: 60, warmUp: 2 }),
    await compare(stage, "insert of one row, 8 writers", insertOne, { rounds: 15, operations: 320, concurrency: 8 }),
  ]
}

export async function updates(stage: AuditStage): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const [clients, options] of [
    [1, { rounds: 21, operations: 60, warmUp: 2 }],
    [8, { rounds: 15, operations: 320, concurrency: 8 }],
  ] as const) {
    const pool = new pg.Pool({ connectionString: stage.bare.url(stage.bare.raw), max: clients, idleTimeoutMillis: 0 })
    const name = `signed, isolated, audited UPDATE, ${clients} ${clients === 1 ? "client" : "clients"}`
    results.push(
      await compare(stage, name, updateOne, options, (patient) => updateByHand(pool, patient)).finally(() =>
        pool.end(),
      ),
    )
  }
  return results
}

/**
 * Five milliseconds of the host's own work inside each transaction: over all clinics, and all in one. What records must not make
 * those of one clinic wait for one another, which would show beside the first.
 */
export async function transactions(stage: AuditStage): Promise<BenchResult[]> {
  const clinic = stage.patients[0]?.clinic
  const one = { ...stage, patients: stage.patients.filter((patient) => patient.clinic === clinic) }
  const write = inContext((client, { id }) =>
    client.tx(async (tx) => {
      await tx.query(insertVisit, [randomUUID(), id])
      await sleep(5)
    }),
  )
  const options = { rounds: 11, operations: 320, concurrency: 16 }
  const all = new Set(writtenIn(stage).map((patient) => patient.clinic)).size
  return [
    await compare(stage, `transactions of 5 ms, 16 writers over ${all} clinics`, write, options),
    await compare(one, "transactions of 5 ms, 16 writers in one clinic", write, options),
  ]
}

export async function statements(stage: AuditStage): Promise<BenchResult[]> {
  const many = inContext((client, { id }) => client.query(insertMany, [id]))
  return [await compare(stage, "statement of 1,000 rows", many, { rounds: 11, operations: 4 })]
}
