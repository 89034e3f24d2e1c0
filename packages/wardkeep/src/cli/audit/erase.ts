import { eraseSubject } from "@wardkeep/audit"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { withAuditLog } from "../../commands/audit/owner.js"
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

interface EraseFlags extends CommonOptions {
  readonly tenant: string
  readonly subject: string
  readonly reason: string
  readonly yes?: boolean
}

export function eraseCommand(context: CommandContext): Command {
  const command = new Command("erase")
    .description(
      "Take a person out of a clinic's sealed events for good. Old proofs still verify; backups are not reached.",
    )
    .requiredOption("--tenant <id>", "whose log")
    .requiredOption("--subject <id>", "the person")
    .requiredOption("--reason <text>", "why; recorded, so it must not name the person")
    .option("--yes", "really do it")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit erase --tenant $CLINIC --subject $PATIENT --reason "request 18" --yes',
  ])
  return command.action(async (flags: EraseFlags) => {
    const { output } = context
    const { tenant, subject, reason } = flags
    if (flags.yes !== true)
      throw new WardkeepError("WK009", {
        message: "an erasure cannot be undone, and nobody confirmed it",
        hint: "Check that no law or dispute needs the events, then pass --yes.",
      })
    const { policy } = await policyOf(flags, context)
    const erased = await withAuditLog(connectionOf(flags, context), policy, (client) =>
      eraseSubject({ client, tenant, subject, reason }),
    )
    if (flags.json) return printJson(output, erased)
    output.out(`${output.paint("green", "erased")} a person from ${countOf(erased.events, "event")}`)
    if (erased.untold > 0)
      output.out(
        `  ${countOf(erased.untold, "event")} of rows that belong to other rows stay: the log began after those, and does not tell whose they are`,
      )
  })
}
