import { writeFile } from "node:fs/promises"
import { argv, env, stderr, stdout } from "node:process"
import type { Report } from "wardkeep/conformance"
import { meetsSecurityFloor, securityFloorText } from "wardkeep/migrate"
import { attempted, type Crossing } from "./attempt.js"
import { type AuditedDemo, sealAndVerify } from "./audit-log.js"
import { Browser } from "./browser.js"
import { allAttempts } from "./crossings/index.js"
import { playDay } from "./day.js"
import { type DemoOptions, demoOptions, usage } from "./options.js"
import { crossingLine, heading, line, totals } from "./print.js"
import { type DemoServer, openServer } from "./server.js"
import { openStage, type Stage } from "./stage.js"
import { stayUp } from "./stay.js"
import { underSuite } from "./suite.js"
import { control, fingerprint, patientCount } from "./truth.js"

/** Of everything, also of installing and building where `npm run demo` had to do that before this file could run. */
const began = Number(env.WARDKEEP_DEMO_BEGAN ?? Date.now())
const seconds = (): number => Math.round((Date.now() - began) / 100) / 10

/** Starts everything, plays a day, tries to cross branches, says what happened. Resolves with the exit code. */
async function main(options: DemoOptions): Promise<number> {
  const server = await openServer()
  let stage: Stage | undefined
  try {
    heading(`PostgreSQL ${server.version}, ${server.embedded ? "embedded" : "yours"}`)
    if (!meetsSecurityFloor(server.versionNumber)) belowFloor(server)
    const progress = (what: string): void => line(`  ${String(seconds()).padStart(5)} s  ${what}`)
    const open = await openStage({ server, port: options.port, patients: options.patients, progress })
    stage = open
    for (const note of open.notes) line(`           note: ${note}`)
    heading("A day at the clinic, over HTTP")
    const day = await playDay(open, (what) => line(`  ${what}`))
    const crossings = await cross(open, () => allAttempts(open, day))
    const suite = await judge(open)
    const audit = await sealAndVerify(open)
    const found = suite.findings.filter(({ severity }) => severity !== "hygiene").length
    const leaks = crossings.filter(({ verdict }) => verdict === "LEAK").length + found
    const report = {
      patients: await patientCount(open),
      requests: Browser.requests,
      crossings: crossings.map(({ layer, attempt, verdict, how }) => ({
        layer,
        attempt,
        refused: verdict !== "LEAK",
        verdict,
        how,
      })),
      leaks,
      suite: { verdict: suite.verdict, probes: suite.probes },
      audit,
      server: server.version,
      seconds: seconds(),
    }
    summary(crossings, report)
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`)
    if (!options.once) await stayUp(open)
    return leaks === 0 && suite.verdict === "NOT_FOUND" && audit.ok ? 0 : 1
  } finally {
    await stage?.close()
    await server.stop()
  }
}

function belowFloor({ version }: DemoServer): void {
  line(`  Honestly: ${version} is below the security floor (${securityFloorText}). Known defects of this version can`)
  line("  print rows of others; Wardkeep works around those it knows, warns here, and refuses with production: true.")
}

/** The demo's own list is its author's; the suite attacks what it finds. */
async function judge(stage: Stage): Promise<Report> {
  heading("Under the conformance suite, as `wardkeep verify` would")
  const suite = await underSuite(stage, (what) => line(`  ${what}`))
  const { verdict, probes, findings, notCovered } = suite
  line(`  ${verdict} in ${probes} probes`)
  for (const { check, severity, object, message } of findings) line(`  ${severity} ${object} [${check}] ${message}`)
  if (verdict === "INCONCLUSIVE") for (const text of notCovered) line(`  open: ${text}`)
  return suite
}

async function cross(stage: Stage, attempts: () => ReturnType<typeof allAttempts>): Promise<Crossing[]> {
  heading("Trying to cross branches")
  line(`  control: the ${await control(stage)} rows aimed at exist, and each attacker sees rows of their own`)
  const list = await attempts()
  const before = await fingerprint(stage)
  const crossings: Crossing[] = []
  for (const one of list) {
    const crossing = await attempted(one, stage.oracle)
    crossings.push(crossing)
    line(crossingLine(crossing))
  }
  const unchanged = before === (await fingerprint(stage))
  const verdict = unchanged ? "EMPTY" : "LEAK"
  const how = unchanged
    ? "a digest of every row of six branches is what it was before"
    : "rows of other branches were changed"
  const last: Crossing = { layer: "sql", attempt: "all of the above together changed a foreign row", verdict, how }
  line(crossingLine(last))
  return [...crossings, last]
}

function summary(
  crossings: readonly Crossing[],
  report: { patients: number; requests: number; leaks: number; seconds: number; audit: AuditedDemo },
): void {
  heading("What happened")
  for (const text of totals(crossings)) line(text)
  line(
    `\n${crossings.length} attempts, ${report.leaks} leaks; ${report.patients} patients, ${report.requests} requests, ${report.seconds} seconds`,
  )
  line("DISCLOSED means that no row was seen, only a count or a size: EXPLAIN and catalog functions tell those to")
  line("anybody who can run SQL. Not tried here: a superuser, timing, and tokens stolen from the application's memory.")
  const { sealed, logs, ok, verdicts } = report.audit
  for (const verdict of verdicts) line(`  ${verdict}`)
  line(
    `Audit log: ${sealed} events sealed in ${logs} logs, ${ok ? "verified against a checkpoint kept outside" : "NOT VERIFIED"}`,
  )
}

try {
  const options = demoOptions(argv.slice(2))
  if (options === "help") stdout.write(usage)
  else process.exitCode = await main(options)
} catch (error) {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (error instanceof Error && !("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")))
    stderr.write(`${error.stack ?? ""}\n`)
  process.exitCode = 2
}
