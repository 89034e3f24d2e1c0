import { resolve } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { drop, lawOfLogs } from "../../commands/audit/drop-month.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  printJson,
  withDatabase,
  withPolicy,
} from "../command-context.js"
import { countOf } from "../findings.js"
import { textsOf } from "./files.js"

interface DropFlags extends CommonOptions {
  readonly reason: string
  readonly keep?: string
  readonly key?: string
  readonly yes?: boolean
}

export function dropMonthCommand(context: CommandContext): Command {
  const command = new Command("drop-month")
    .description(
      "Drop a month of the log for good, of every clinic, once its retention is over and no hold covers it. What is left verifies.",
    )
    .argument("<month>", "such as 2025-09, in UTC")
    .requiredOption("--reason <text>", "why; recorded for good, so it must name nobody")
    .option("--keep <file>", "first write the month's events there, as a bundle")
    .option("--key <file>", "the key that seals the log; default WARDKEEP_AUDIT_KEY, else a sealer that runs")
    .option("--yes", "really do it")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit drop-month 2025-09 --key seal.pem --reason "retention is over" --yes',
    'wardkeep audit drop-month 2025-09 --keep 2025-09.wkbundle --reason "retention is over" --yes',
  ])
  return command.action(async (month: string, flags: DropFlags) => {
    const { output, surroundings } = context
    const { reason, keep } = flags
    if (flags.yes !== true)
      throw new WardkeepError("WK009", {
        message: "a dropped month does not come back, and nobody confirmed it",
        hint: "Check that no law or dispute needs the events, then pass --yes.",
      })
    const [key = surroundings.env.WARDKEEP_AUDIT_KEY] = await textsOf(
      flags.key === undefined ? [] : [flags.key],
      context,
    )
    const { policy } = await policyOf(flags, context)
    const file = keep === undefined ? {} : { keep: { path: resolve(surroundings.folder, keep), shown: keep } }
    const asked = { policy, connection: connectionOf(flags, context), month, reason, ...file }
    const done = await drop({ ...asked, ...(key !== undefined && { key }) })
    if (flags.json) return printJson(output, { ...done, law: lawOfLogs() })
    output.out(`${output.paint("green", "dropped")} ${month}: ${countOf(done.events, "event")}`)
    if (done.kept !== null) output.out(`  kept in ${keep}, SHA-256 ${done.kept.sha256}`)
    output.out(`  kept for ${policy.auditLog.keepMonths} months after its end. How long the law asks for:`)
    for (const line of lawOfLogs()) output.out(output.paint("dim", `  ${line}`))
  })
}
