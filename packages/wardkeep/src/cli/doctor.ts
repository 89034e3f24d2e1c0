import { Command } from "commander"
import { type Diagnosis, doctor } from "../commands/doctor.js"
import { services } from "../managed/index.js"
import { sectionsOf } from "../managed/render.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  printJson,
  withDatabase,
  withPolicy,
} from "./command-context.js"
import { countOf, outstanding, printFindings } from "./findings.js"
import type { Output } from "./output.js"

interface DoctorFlags extends CommonOptions {
  readonly service?: string
  readonly strict?: boolean
}

export function doctorCommand(context: CommandContext): Command {
  const command = new Command("doctor")
    .description("Check server, roles, privileges, drift and coverage. Changes nothing. Exit code 1 on findings.")
    .option("--service <name>", `which managed service this is: ${services.map(({ id }) => id).join(", ")}`)
    .option("--strict", "what is NOT COVERED counts as a finding too")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep doctor",
    "wardkeep doctor --json > doctor.json",
    "wardkeep doctor --service neon --strict",
  ])
  return command.action(async (flags: DoctorFlags) => {
    const { output } = context
    const { policy } = await policyOf(flags, context)
    const diagnosis = await doctor({ policy, connection: connectionOf(flags, context), service: flags.service })
    const counted = flags.strict ? diagnosis.findings : outstanding(diagnosis.findings)
    // Something that could not be looked at is never a pass.
    if (counted.length > 0) context.exitWith(1)
    else if (diagnosis.notChecked.length > 0) context.exitWith(4)
    if (flags.json) return printJson(output, diagnosis)
    printDiagnosis(diagnosis, output)
  })
}

function printDiagnosis(diagnosis: Diagnosis, output: Output): void {
  const { server, service, strategy, findings, notChecked } = diagnosis
  const floor = server.meetsFloor ? "at or above the security floor" : `below the security floor (${server.floor})`
  const row = (name: string, value: string): void => output.out(`${name.padEnd(16)}${value}`)
  row("server", `PostgreSQL ${server.version}, ${floor}`)
  row("service", `${service.name}${diagnosis.serviceNamed ? "" : " (as far as its roles tell; --service overrides)"}`)
  row("strategy", strategy ?? "not installed")
  row("connected as", diagnosis.connectedAs)
  row("exempt logins", `${diagnosis.exemptLogins.join(", ") || "none visible"} (no policy stops these)`)
  output.out("")
  output.out(output.paint("bold", findings.length === 0 ? "No findings" : countOf(findings.length, "finding")))
  printFindings(findings, output)
  if (notChecked.length > 0) output.out(output.paint("bold", "Not checked"))
  for (const text of notChecked) output.out(`  ${text}`)
  for (const { title, lines } of sectionsOf(service)) {
    output.out("")
    output.out(output.paint("bold", title))
    for (const line of lines) output.out(`  - ${line}`)
  }
}
