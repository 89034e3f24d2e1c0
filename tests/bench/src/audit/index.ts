import { samplePatients } from "../context/stage.ts"
import { connected, prepare } from "../data/prepare.ts"
import { quickSize } from "../data/schema.ts"
import { type Figure, type FiguresReport, type Judged, judged, type RunOptions } from "../figures.ts"
import { describeMachine, Placement } from "../machine.ts"
import type { BenchResult } from "../rounds.ts"
import { serverSettingsOf, startServer } from "../server.ts"
import { sealing, seenInAYear, storage, verification } from "./log.ts"
import type { AuditStage } from "./stage.ts"
import { listOfFifty, viewOfOne, viewOverNetwork, viewsOfSixteen } from "./views.ts"
import { inserts, statements, transactions, updates } from "./writes.ts"

type Bench = (stage: AuditStage) => Promise<BenchResult[]>
const alone =
  (bench: (stage: AuditStage) => Promise<BenchResult>): Bench =>
  async (stage) => [await bench(stage)]

const benches: Readonly<Record<string, Bench>> = {
  transactions,
  inserts,
  updates,
  statements,
  view: alone(viewOfOne),
  "view-16": alone(viewsOfSixteen),
  "view-1ms": alone(viewOverNetwork),
  list: alone(listOfFifty),
}

const figures: Readonly<Record<string, (stage: AuditStage) => Promise<Figure[]>>> = {
  storage,
  sealing,
  log: (stage) => verification(stage, stage.quick ? 50_000 : stage.whole ? 1_000_000 : 500_000),
  who: (stage) => seenInAYear(stage, stage.quick ? 60_000 : 10_000_000),
}

/** Only when named: half an hour, and ten gigabytes. */
const long: ReadonlySet<string> = new Set(["who"])

/** Times of the same work unaudited. A throughput of 0.85 is a time of 1 / 0.85. */
const ratios: readonly (readonly [name: RegExp, most: number])[] = [
  [/^transactions of 5 ms/, 1 / 0.85],
  [/^insert of one row, 1/, 1.35],
  [/^insert of one row, 8/, 1.5],
  [/UPDATE, 1/, 1.7],
  [/UPDATE, 8/, 1.9],
  [/^statement of 1,000/, 2.2],
  [/^view of one record, 1 client/, 1.35],
  [/^view of one record, 16/, 1.6],
  [/^view of one record, 1 ms/, 1.1],
  [/^list of 50/, 1 / 0.75],
]

/** With `whole` the log of the bars on verification is as long as they say. */
export interface AuditOptions extends RunOptions {
  readonly whole: boolean
}

export async function runAudit(options: AuditOptions): Promise<FiguresReport> {
  const names = [...Object.keys(benches), ...Object.keys(figures)]
  const unknown = options.benches.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(", ")}; there are ${names.join(", ")}`)
  const machine = describeMachine()
  const server = await startServer(options.server, { durable: true })
  try {
    const stage = await prepareStage(server, options)
    const wanted = (name: string): boolean =>
      options.benches.includes(name) || (options.benches.length === 0 && !long.has(name))
    const results: BenchResult[] = []
    for (const [name, bench] of Object.entries(benches)) if (wanted(name)) results.push(...(await bench(stage)))
    const measured: Figure[] = []
    for (const [name, figure] of Object.entries(figures)) if (wanted(name)) measured.push(...(await figure(stage)))
    return {
      set: "audit",
      machine,
      server: { version: stage.audited.server, settings: serverSettingsOf({ durable: true }), fsync: true },
      node: process.versions.node,
      date: new Date().toISOString(),
      command: options.command,
      quick: options.quick,
      benches: results,
      bars: [...results.flatMap(barOf), ...measured.map(judged)],
    }
  } finally {
    await server.stop()
  }
}

async function prepareStage(
  server: { readonly url: string; readonly pid: number },
  { quick, whole, report }: Pick<AuditOptions, "quick" | "whole" | "report">,
): Promise<AuditStage> {
  const at = (name: string): string => {
    const url = new URL(server.url)
    url.pathname = `/${name}`
    return url.href
  }
  for (const name of ["bare", "audited"])
    await connected(server.url, (client) => client.query(`create database ${name}`))
  const bare = await prepare(at("bare"), quickSize, { accelerated: false, deployment: "bare" })
  const audited = await prepare(at("audited"), quickSize, { accelerated: false, deployment: "audited", audited: true })
  await connected(at("bare"), (client) =>
    client.query(`grant update on patient to ${bare.raw.user};
create table access_log (id bigint generated always as identity primary key, at timestamptz not null default now(),
  clinic uuid, branch uuid, actor text, relation text, subject uuid, n integer);
create index on access_log (subject, at);
grant insert on access_log to ${bare.raw.user}`),
  )
  const patients = await connected(at("bare"), (client) => samplePatients(client, bare, 4000))
  return {
    bare,
    audited,
    adminUrl: at("audited"),
    placement: new Placement(server.pid),
    quick,
    whole,
    patients,
    report,
  }
}

function barOf(bench: BenchResult): Judged[] {
  const most = ratios.find(([name]) => name.test(bench.name))?.[1]
  const measured = bench.ours.recorded
  if (most === undefined || measured === undefined) return []
  const iqr = bench.iqr.recorded
  return [judged({ what: bench.name, unit: "×", measured, most, ...(iqr && { iqr }) })]
}
