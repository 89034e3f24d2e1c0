import { type Figure, type FiguresReport, type Judged, judged, type RunOptions } from "../figures.ts"
import { describeMachine } from "../machine.ts"
import type { BenchResult } from "../rounds.ts"
import { serverSettingsOf, startServer } from "../server.ts"
import { seenInAYear, storage, verification } from "./log.ts"
import { sealing } from "./sealing.ts"
import { type AuditStage, prepareStage } from "./stage.ts"
import { listOfFifty, viewOfOne, viewOverNetwork, viewsOfSixteen } from "./views.ts"
import { whereOfView } from "./where.ts"
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

/** Before the benches: where their rows were rolled back or replaced there is room, and what fits there takes no bytes. */
const first: Readonly<Record<string, (stage: AuditStage) => Promise<Figure[]>>> = { storage }

const figures: Readonly<Record<string, (stage: AuditStage) => Promise<Figure[]>>> = {
  sealing,
  log: (stage) => verification(stage, stage.quick ? 50_000 : stage.whole ? 1_000_000 : 500_000),
  where: whereOfView,
  who: (stage) => seenInAYear(stage, stage.quick ? 60_000 : 10_000_000),
}

/** `who` takes half an hour and ten gigabytes; `where` explains the time of a view and has no bar. */
const onlyNamed: ReadonlySet<string> = new Set(["who", "where"])

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
  const names = [first, benches, figures].flatMap((all) => Object.keys(all))
  const unknown = options.benches.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(", ")}; there are ${names.join(", ")}`)
  const machine = describeMachine()
  const server = await startServer(options.server, { durable: true })
  try {
    const stage = await prepareStage(server, options)
    const wanted = (name: string): boolean =>
      options.benches.includes(name) || (options.benches.length === 0 && !onlyNamed.has(name))
    const measured: Figure[] = []
    for (const [name, figure] of Object.entries(first)) if (wanted(name)) measured.push(...(await figure(stage)))
    const results: BenchResult[] = []
    for (const [name, bench] of Object.entries(benches)) if (wanted(name)) results.push(...(await bench(stage)))
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

function barOf(bench: BenchResult): Judged[] {
  const most = ratios.find(([name]) => name.test(bench.name))?.[1]
  const measured = bench.ours.recorded
  if (most === undefined || measured === undefined) return []
  const iqr = bench.iqr.recorded
  return [judged({ what: bench.name, unit: "×", measured, most, ...(iqr && { iqr }) })]
}
