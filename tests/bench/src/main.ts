import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { runAdapters } from "./adapters/index.ts"
import { runAudit } from "./audit/index.ts"
import { verdictLine, verdicts } from "./bars.ts"
import { runConsent } from "./consent/index.ts"
import { runContext } from "./context/index.ts"
import { prepareOn } from "./data/prepare.ts"
import { fullSize, quickSize } from "./data/schema.ts"
import { type FiguresReport, figuresTable } from "./figures.ts"
import { missing } from "./instructions/callgrind.ts"
import { runInstructions } from "./instructions/index.ts"
import { describeMachine, Placement } from "./machine.ts"
import { type Options, readArguments, usage } from "./options.ts"
import { renewed } from "./page.ts"
import { runPermissions } from "./permissions/index.ts"
import { majorOf, type Report } from "./report.ts"
import { serverSettings, startServer } from "./server.ts"
import { runTesting } from "./testing/index.ts"

const pageFile = fileURLToPath(new URL("../../../docs/reference/performance.md", import.meta.url))

async function run(options: Options): Promise<Report> {
  const machine = describeMachine()
  const server = await startServer(options.server)
  try {
    const sizes = options.quick ? quickSize : fullSize
    const { measured } = await prepareOn(server, sizes, { accelerated: true })
    const seconds = Object.entries(measured.seconds).map(([what, took]) => `${what} ${took.toFixed(1)} s`)
    console.log(`PostgreSQL ${measured.server}, ${sizes.patients} patients; ${seconds.join(", ")}`)
    const benches = await runContext(measured, new Placement(server.pid), {
      quick: options.quick,
      benches: options.benches,
      report: (text) => console.log(text),
    })
    return {
      benches,
      machine,
      server: { version: measured.server, settings: serverSettings, fsync: false },
      node: process.versions.node,
      date: new Date().toISOString(),
      command: commandOf(options),
      quick: options.quick,
      rows: sizes.patients,
      loading: measured.seconds,
    }
  } finally {
    await server.stop()
  }
}

function commandOf({ set, quick, whole, server, benches }: Options): string {
  const parts = [`npm run bench -- --only ${set}`]
  if (quick) parts.push("--quick")
  if (whole) parts.push("--whole")
  if (server !== 18) parts.push(`--server ${server}`)
  if (benches.length > 0) parts.push(`--bench ${benches.join(",")}`)
  return parts.join(" ")
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

const renew = (reports: readonly Report[], tables: readonly FiguresReport[]): void =>
  write(pageFile, renewed(readFileSync(pageFile, "utf8"), reports, tables))

async function permissions(options: Options): Promise<void> {
  const report = await runPermissions({
    quick: options.quick,
    server: options.server,
    report: (text) => console.log(text),
  })
  if (options.json !== undefined) write(options.json, `${JSON.stringify(report, null, 2)}\n`)
  for (const { what, measured, held } of report.bars) console.log(`${held ? "held  " : "MISSED"}  ${measured}  ${what}`)
  if (options.check && report.bars.some((bar) => !bar.held)) process.exitCode = 1
}

async function figures(options: Options, runSet: typeof runAudit | typeof runConsent): Promise<void> {
  const { quick, whole, server, benches } = options
  const report = await runSet({
    quick,
    whole,
    server,
    benches,
    command: commandOf(options),
    report: (text) => console.log(text),
  })
  if (options.json !== undefined) write(options.json, `${JSON.stringify(report, null, 2)}\n`)
  if (options.page) renew([], [report])
  console.log(`\n${figuresTable(report)}`)
  if (options.check && report.bars.some((bar) => !bar.held)) process.exitCode = 1
}

async function instructions(options: Options): Promise<void> {
  const toDo = missing()
  if (toDo === undefined) return await figures(options, runInstructions)
  console.error(toDo)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2))
  if (options.set === "permissions") return await permissions(options)
  if (options.set === "audit") return await figures(options, runAudit)
  if (options.set === "instructions") return await instructions(options)
  if (options.set === "adapters") return await figures(options, runAdapters)
  if (options.set === "testing") return await figures(options, runTesting)
  if (options.set === "consent") return await figures(options, runConsent)
  const read = options.from.map((file) => JSON.parse(readFileSync(file, "utf8")) as Report | FiguresReport)
  const tables = read.filter((report): report is FiguresReport => "set" in report)
  const reports = read.length > 0 ? read.filter((report): report is Report => !("set" in report)) : [await run(options)]
  if (options.json !== undefined) write(options.json, `${JSON.stringify(reports[0], null, 2)}\n`)
  if (options.page) renew(reports, tables)
  const judged = reports.flatMap((report) => verdicts(report.benches, majorOf(report)))
  console.log(`\n${judged.map(verdictLine).join("\n")}`)
  for (const table of tables) console.log(`\n${figuresTable(table)}`)
  const all = [...judged, ...tables.flatMap(({ bars }) => bars)].filter(({ most }) => most !== undefined)
  const missed = all.filter(({ held }) => !held).length
  console.log(`\n${all.length - missed} of ${all.length} bars held`)
  if (options.check && missed > 0) process.exitCode = 1
}

if (process.argv.includes("--help")) console.log(usage)
else await main()
