import { randomUUID } from "node:crypto"
import type pg from "pg"
import { type AuditStage, bothClients, contextIn } from "../audit/stage.ts"
import { type Ask, viewList, viewOne } from "../audit/views.ts"
import { insertOne, updateByHand, updateOne } from "../audit/writes.ts"
import type { Client } from "../client.ts"
import type { Measured } from "../data/prepare.ts"
import { type Patient, startPg } from "../peers/peer.ts"

/** What is counted of one backend. */
export interface Case {
  readonly name: string
  readonly backend: number
  readonly once: (patient: Patient) => Promise<void>
}

/** Few, and each asked before anything is counted: what the first to ask makes ready is not counted. */
export const few = 15
/** Rows that are new are of all patients: of few, they would fill pages of an index, and their splits would be counted. */
export const patientsOf = (group: (typeof groupNames)[number], patients: readonly Patient[]): readonly Patient[] =>
  group === "insert" ? patients : patients.slice(0, few)

export const groupNames = ["view", "list", "update", "insert"] as const

/** The first of each group is what the others are more than. */
export type Groups = Readonly<Record<(typeof groupNames)[number], readonly Case[]>>

export interface Opened {
  readonly groups: Groups
  close(): Promise<void>
}

/** Each on a session of its own: what one statement left in a session's caches is not counted for another. */
export async function openCases(stage: AuditStage, through: (url: string) => string): Promise<Opened> {
  const open: { close(): Promise<unknown> }[] = []
  const [seen] = stage.patients
  if (seen === undefined) throw new Error("there is no patient")
  const byClient = async (name: string, recorded: boolean, ask: Ask): Promise<Case> => {
    const both = await bothClients(stage, 1, through)
    open.push(...both)
    const [client, measured] = recorded ? ([both[1], stage.audited] as const) : ([both[0], stage.bare] as const)
    const backend = await backendOf(client, measured, seen)
    return { name, backend, once: (each) => ask(client, measured, each) }
  }
  const byHand = async (name: string, ask: (raw: pg.Client, patient: Patient) => Promise<void>): Promise<Case> => {
    const raw = await startPg(through(stage.bare.url(stage.bare.raw)))
    open.push({ close: () => raw.end() })
    const { rows } = await raw.query<{ backend: number }>("select pg_backend_pid() as backend")
    return { name, backend: rows[0]?.backend ?? 0, once: (patient) => ask(raw, patient) }
  }
  const groups: Groups = {
    view: [
      await byClient("view of one record, not recorded", false, viewOne),
      await byClient("view of one record, recorded", true, viewOne),
    ],
    list: [
      await byClient("list of 50 rows, not recorded", false, viewList),
      await byClient("list of 50 rows, recorded", true, viewList),
    ],
    update: [
      await byHand("UPDATE of one row, raw, prepared by hand", updateByHand),
      await byClient("UPDATE of one row, signed and isolated", false, updateOne),
      await byClient("UPDATE of one row, signed, isolated and audited", true, updateOne),
    ],
    insert: [
      await byHand("INSERT of one row, raw, prepared by hand", insertByHand),
      await byClient("INSERT of one row, signed and isolated", false, insertOne),
      await byClient("INSERT of one row, signed, isolated and audited", true, insertOne),
    ],
  }
  return { groups, close: async () => void (await Promise.all(open.map((each) => each.close()))) }
}

async function insertByHand(raw: pg.Client, { clinic, branch, id }: Patient): Promise<void> {
  const text =
    "insert into visit (clinic_id, branch_id, id, patient_id, at, reason) values ($1, $2, $3, $4, now(), 'fever')"
  await raw.query({ name: "insert", text, values: [clinic, branch, randomUUID(), id] })
}

/** Of a client that has one session. */
async function backendOf(client: Client, measured: Measured, patient: Patient): Promise<number> {
  const { rows } = await client.run(contextIn(measured, patient), () =>
    client.query("select pg_catalog.pg_backend_pid() as backend", []),
  )
  const [found] = rows as { readonly backend: number }[]
  if (found === undefined) throw new Error("a session does not say which backend it has")
  return found.backend
}
