import { resolve } from "node:path"
import { Command } from "commander"
import { bundle } from "../../commands/audit/bundle.js"
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

interface BundleFlags extends CommonOptions {
  readonly tenant: string
  readonly subject?: string
  readonly reason: string
  readonly out: string
}

export function bundleCommand(context: CommandContext): Command {
  const command = new Command("bundle")
    .description(
      "Write a file with which a stranger verifies a clinic's log, or one person's part of it. It is recorded.",
    )
    .requiredOption("--tenant <id>", "whose log")
    .option("--subject <id>", "open only events about this person; of the others the hash is shown")
    .requiredOption("--reason <text>", "why; recorded")
    .requiredOption("--out <file>", "the file to write, such as case-17.wkbundle")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit bundle --tenant $CLINIC --subject $PATIENT --reason "request 17" --out case-17.wkbundle',
  ])
  return command.action(async (flags: BundleFlags) => {
    const { output, surroundings } = context
    const { tenant, subject, reason, out } = flags
    const { policy } = await policyOf(flags, context)
    const made = await bundle({
      policy,
      connection: connectionOf(flags, context),
      tenant,
      reason,
      path: resolve(surroundings.folder, out),
      shown: out,
      ...(subject !== undefined && { subject }),
    })
    if (flags.json) return printJson(output, made)
    output.out(`${output.paint("green", "written")} ${out}: ${countOf(made.events, "event")} opened`)
    output.out(`  SHA-256 ${made.sha256}`)
    output.out("  Send the public key and an anchor another way.")
  })
}
