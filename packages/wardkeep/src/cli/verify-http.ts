import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import type { Report } from "@wardkeep/conformance"
import { Command } from "commander"
import { runVerifyHttp } from "../commands/verify-http.js"
import { type CommandContext, examples } from "./command-context.js"
import type { ExitCode } from "./exit-code.js"
import { countOf } from "./findings.js"
import type { Output } from "./output.js"
import { version } from "./version.js"

interface Flags {
  readonly har: readonly string[]
  readonly openapi?: string
  readonly as: readonly string[]
  readonly scope: string
  readonly baseUrl?: string
  readonly json?: boolean
  readonly out?: string
}

const exitCodes: Readonly<Record<Report["verdict"], ExitCode>> = { LEAK: 1, NOT_FOUND: 0, INCONCLUSIVE: 4 }
const several = (value: string, before: readonly string[]): string[] => [...before, value]

/** `wardkeep verify http`: two accounts, no database. */
export function verifyHttpCommand(context: CommandContext): Command {
  const command = new Command("http")
    .description("Ask for one account's resources as another, over HTTP. Reads only, unless the scope file says more.")
    .option("--har <file>", "what one account recorded, FILE or NAME=FILE; once per account", several, [])
    .option("--openapi <file>", "OpenAPI 3 document in JSON, instead of recordings or beside them")
    .option(
      "--as <account>",
      "NAME=Header: value, or NAME=@FILE with one header per line; once per account",
      several,
      [],
    )
    .requiredOption("--scope <file>", "what may be asked: hosts, methods, paths, rate, stop time (JSON)")
    .option("--base-url <url>", "where the API of the document is; default its first server")
    .option("--out <file>", "write the JSON report to a file as well")
    .option("--json", "print one JSON document")
  examples(command, [
    "wardkeep verify http --scope scope.json --har A.har --har B.har",
    "wardkeep verify http --scope scope.json --openapi openapi.json --as A=@a.headers --as B=@b.headers --json",
  ])
  return command.action(async (flags: Flags) => {
    const { output, surroundings } = context
    const { folder, stderr } = surroundings
    const isTerminal = stderr.isTTY === true
    const report = await runVerifyHttp({
      ...flags,
      folder,
      version: version(),
      ...(isTerminal ? { progress: (text: string) => output.err(text) } : {}),
    })
    context.exitWith(exitCodes[report.verdict])
    const json = JSON.stringify(report, null, 2)
    if (flags.out !== undefined) writeFileSync(resolve(folder, flags.out), `${json}\n`)
    if (flags.json) return output.out(json)
    printReport(report, output)
  })
}

function printReport(report: Report, output: Output): void {
  const { verdict, probes, server, findings, checks, notCovered } = report
  const style = verdict === "LEAK" ? "red" : verdict === "NOT_FOUND" ? "green" : "yellow"
  const count = countOf(findings.length, "finding")
  output.out(`${output.paint(style, verdict)} ${server}: ${count} in ${countOf(probes, "probe")}, ${report.seconds} s`)
  for (const { check, severity, object, message, evidence, replay, fix, cwe } of findings) {
    output.out("")
    output.out(`${output.paint("red", severity.toUpperCase())} ${object} [${check}, ${cwe}]`)
    output.out(`  ${message}`)
    output.out(`  evidence: ${evidence}`)
    output.out(`  replay:   ${replay}`)
    output.out(`  → ${fix}`)
  }
  output.out("")
  for (const { check, title, verdict: one, probes: n, controls, reason } of checks) {
    const why = reason === undefined ? "" : `: ${reason}`
    output.out(`  ${check} ${one.padEnd(14)} ${title} (${countOf(n, "probe")}, ${countOf(controls, "control")})${why}`)
  }
  output.out("")
  output.out(output.paint("bold", "Not covered"))
  for (const text of notCovered) output.out(`  ${text}`)
}
