import { startCopies } from "../../../harness/src/copies.ts"
import { prepareStage } from "../audit/stage.ts"
import { connected, warm } from "../data/prepare.ts"
import { type Figure, type FiguresReport, judged, type RunOptions } from "../figures.ts"
import { describeMachine } from "../machine.ts"
import type { Patient } from "../peers/peer.ts"
import { serverSettingsOf, startServer } from "../server.ts"
import { Counter, underCallgrind } from "./callgrind.ts"
import { type Case, few, groupNames, openCases, patientsOf } from "./cases.ts"
import { type Counted, countOne, type Plan } from "./passes.ts"

/** A session settles on a plan with the sixth execution of a text, and the text of a view is the client's from the second. */
const warmUp = 2 * few
const whole: Plan = { warmUp, executions: 6 * few, passes: 3, most: 1.01 }
/** A page that is full is split, which shows in a few executions. */
const quickly: Plan = { warmUp, executions: few, passes: 2, most: 1.05 }

/** As the other benches of the log have it; but whether a page was changed since the last checkpoint is not counted. */
const settings = { ...serverSettingsOf({ durable: true }), full_page_writes: false }

/**
 * Instructions of one transaction in its backend. The rows are loaded into a server as it is, and a copy of its files is
 * started under callgrind, where loading them would take half an hour.
 */
export async function runInstructions(options: RunOptions): Promise<FiguresReport> {
  const { benches, quick, report } = options
  const unknown = benches.filter((name) => !groupNames.some((known) => known === name))
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(", ")}; there are ${groupNames.join(", ")}`)
  const machine = describeMachine()
  const server = await startServer(options.server, { durable: true })
  try {
    const stage = await prepareStage(server, { quick, whole: false, report })
    const [slow] = await startCopies(server, 1, { fsync: true, settings, under: underCallgrind })
    if (slow === undefined) throw new Error("no copy of the server was started")
    try {
      const through = (url: string): string => Object.assign(new URL(url), { port: slow.port }).href
      for (const url of [stage.bareAdminUrl, stage.adminUrl]) await connected(through(url), warm)
      const { groups, close } = await openCases(stage, through)
      const counting = {
        counter: new Counter(slow),
        plan: quick ? quickly : whole,
        report,
      }
      const figures: Figure[] = []
      for (const name of groupNames)
        if (benches.length === 0 || benches.includes(name))
          figures.push(...(await group(groups[name], patientsOf(name, stage.patients), counting)))
      await close()
      return {
        set: "instructions",
        machine,
        server: { version: stage.audited.server, settings, fsync: true },
        node: process.versions.node,
        date: new Date().toISOString(),
        command: options.command,
        quick,
        benches: [],
        bars: figures.map(judged),
      }
    } finally {
      await slow.stop()
    }
  } finally {
    await server.stop()
  }
}

interface Counting {
  readonly counter: Counter
  readonly plan: Plan
  readonly report: (text: string) => void
}

/** Each case in thousands, and what it is of the first. */
async function group(
  cases: readonly Case[],
  patients: readonly Patient[],
  { counter, plan, report }: Counting,
): Promise<Figure[]> {
  const figures: Figure[] = []
  let first: Counted | undefined
  for (const { name, backend, once } of cases) {
    const next = (turn: number): Promise<void> => once(patients[turn % patients.length] as Patient)
    const counted = await countOne(name, (work) => counter.count(backend, work), next, plan)
    first ??= counted
    const ratio = counted.instructions / first.instructions
    const thousands = Math.round(counted.instructions / 100) / 10
    report(`${name}: ${thousands} thousand instructions, ${ratio.toFixed(2)}`)
    figures.push({ what: name, unit: "thousand", measured: thousands, iqr: counted.range })
    if (counted !== first) figures.push({ what: `${name}, of the first`, unit: "×", measured: ratio })
  }
  return figures
}
