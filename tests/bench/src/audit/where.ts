import { readdirSync, readFileSync } from "node:fs"
import type { Client } from "../client.ts"
import type { Measured } from "../data/prepare.ts"
import type { Figure } from "../figures.ts"
import { oneSync } from "../one-sync.ts"
import { type Patient, patientColumns, single, startPg } from "../peers/peer.ts"
import { shuffled } from "../rounds.ts"
import { median } from "../statistics.ts"
import { type AuditStage, bothClients, contextIn } from "./stage.ts"
import { viewOne } from "./views.ts"

/** Nanoseconds on a processor until now, of everybody who has a part in a view. */
interface Spent {
  readonly client: number
  readonly backend: number
  readonly others: number
  readonly wall: number
}

interface Way {
  readonly name: string
  readonly backend: number
  readonly run: (patient: Patient) => Promise<void>
  readonly close: () => Promise<unknown>
}

/**
 * Where the time of a view goes: in the client, in its backend, and in the server's other processes, through the client and
 * through `pg` with exactly the texts that the client sends.
 */
export async function whereOfView(stage: AuditStage): Promise<Figure[]> {
  const [bare, recording] = await bothClients(stage, 1)
  const few = stage.patients.slice(0, 500)
  const ways: Way[] = []
  try {
    for (const [name, client, measured] of [
      ["not recorded", bare, stage.bare],
      ["recorded", recording, stage.audited],
    ] as const) {
      for (const patient of few.slice(0, 8)) await viewOne(client, measured, patient)
      const run = (patient: Patient): Promise<void> => viewOne(client, measured, patient)
      const { backend, texts } = await sessionOf(client, measured, stage)
      ways.push({ name: `${name}, by the client`, backend, run, close: () => client.close() })
      ways.push(await byPg(`${name}, the same texts by pg`, measured, texts))
    }
    return await compare(stage, ways, few)
  } finally {
    for (const { close } of ways) await close()
  }
}

interface Texts {
  /** Of the session, which the prologue compares. */
  readonly timeout: string
  readonly path: string
  readonly prologue: string
  readonly statement: string
}

/** Of a client with one session: its backend, and what it has prepared there for a view. */
async function sessionOf(
  client: Client,
  measured: Measured,
  { patients: [patient] }: AuditStage,
): Promise<{ readonly backend: number; readonly texts: Texts }> {
  if (patient === undefined) throw new Error("there is no patient")
  const asked = `select pg_backend_pid() as backend, current_setting('statement_timeout') as timeout, current_setting('search_path') as path,
    array(select statement from pg_prepared_statements) as prepared`
  const { rows } = await client.run(contextIn(measured, patient), () => client.query(asked, []))
  const [{ backend, prepared, ...settings }] = rows as [
    Omit<Texts, "prologue" | "statement"> & { readonly backend: number; readonly prepared: readonly string[] },
  ]
  const last = (part: string): string => {
    const found = prepared.filter((text) => text.includes(part) && text !== asked).at(-1)
    if (found === undefined) throw new Error(`the client has prepared no text with ${part}`)
    return found
  }
  const shown = prepared.some((text) => text.includes("record_view(")) ? "record_view(" : patientColumns
  return { backend, texts: { ...settings, prologue: last("set_config('wardkeep.token'"), statement: last(shown) } }
}

async function byPg(name: string, measured: Measured, texts: Texts): Promise<Way> {
  const { prologue, statement, timeout, path } = texts
  const raw = await startPg(measured.url(measured.app))
  const { rows } = await raw.query<{ backend: number }>(
    "select pg_backend_pid() as backend, set_config('statement_timeout', $1, false), set_config('search_path', $2, false)",
    [timeout, path],
  )
  const run = async (patient: Patient): Promise<void> => {
    const [grant] = contextIn(measured, patient).grants
    const values = [grant?.dbRole, grant?.token, ""]
    const first = { name: "prologue", text: prologue, values }
    const { rows: shown } = await oneSync(raw, first, { name: "view", text: statement, values: [patient.id] })
    single(shown, patient.clinic)
  }
  return { name, backend: rows[0]?.backend ?? 0, run, close: () => raw.end() }
}

async function compare(stage: AuditStage, ways: readonly Way[], few: readonly Patient[]): Promise<Figure[]> {
  const place = stage.placement.oneCore()
  const [rounds, views] = stage.quick ? [5, 100] : [21, 400]
  const rows: Record<string, Spent[]> = Object.fromEntries(ways.map(({ name }) => [name, []]))
  for (let round = -2; round < rounds; round++)
    for (const way of shuffled(ways)) {
      const before = spent(way, stage)
      for (let view = 0; view < views; view++) await way.run(few[view % few.length] as Patient)
      const after = spent(way, stage)
      const each = (part: keyof Spent): number => (after[part] - before[part]) / views / 1000
      // The first two rounds map pages.
      if (round < 0) continue
      const parts = { client: each("client"), backend: each("backend"), others: each("others"), wall: each("wall") }
      rows[way.name]?.push(parts)
    }
  stage.report(`\nwhere the time of a view goes — ${rounds} rounds of ${views}, ${place}`)
  return ways.flatMap(({ name }) => {
    const of = (part: keyof Spent): number => Math.round(median((rows[name] ?? []).map((each) => each[part])) * 10) / 10
    const parts = { client: of("client"), backend: of("backend"), others: of("others"), wall: of("wall") }
    stage.report(
      `  ${String(parts.wall).padStart(7)} us: client ${parts.client}, backend ${parts.backend}, other processes of the server ${parts.others}  ${name}`,
    )
    return Object.entries(parts).map(
      ([part, measured]): Figure => ({ what: `view, ${name}: ${said[part]}`, unit: "µs", measured }),
    )
  })
}

const said: Readonly<Record<string, string>> = {
  client: "processor time of the client",
  backend: "processor time of its backend",
  others: "processor time of the server's other processes",
  wall: "time",
}

function spent({ backend }: Way, { placement }: AuditStage): Spent {
  const others = placement.servers().filter((pid) => pid !== backend)
  return {
    client: onProcessor("self"),
    backend: onProcessor(backend),
    others: others.reduce((sum, pid) => sum + onProcessor(pid), 0),
    wall: Number(process.hrtime.bigint()),
  }
}

/** Nanoseconds, of all its threads. Linux counts them to the nanosecond where `ps` says hundredths of a second. */
function onProcessor(process: number | "self"): number {
  const tasks = `/proc/${process}/task`
  return readdirSync(tasks).reduce(
    (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
    0,
  )
}
