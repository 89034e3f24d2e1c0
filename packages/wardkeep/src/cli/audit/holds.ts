import { type Hold, openHolds, placeLogHold, releaseLogHold } from "@wardkeep/audit"
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
import { momentOf } from "./reading.js"

interface HoldFlags extends CommonOptions {
  readonly tenant: string
  readonly subject?: string
  readonly since?: string
  readonly until?: string
  readonly authority: string
  readonly reason: string
}

export function holdCommand(context: CommandContext): Command {
  const command = new Command("hold")
    .description(
      "Place a legal hold on a clinic's log, on a person or on a time: nothing it covers is dropped or erased.",
    )
    .requiredOption("--tenant <id>", "whose log")
    .option("--subject <id>", "only what is, or may be, about this person")
    .option("--since <moment>", "only what happened from then on, ISO 8601")
    .option("--until <moment>", "only what happened before")
    .requiredOption("--authority <text>", "who asks for it")
    .requiredOption("--reason <text>", "why; recorded")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit hold --tenant $CLINIC --authority "district court" --reason "case 4/2026"',
    'wardkeep audit hold --tenant $CLINIC --subject $PATIENT --since 2026-01-01 --authority police --reason "FIR 12/2026"',
  ])
  return command.action(async (flags: HoldFlags) => {
    const { output } = context
    const { tenant, subject, authority, reason } = flags
    const span = {
      ...(flags.since !== undefined && { since: momentOf("--since", flags.since) }),
      ...(flags.until !== undefined && { until: momentOf("--until", flags.until) }),
    }
    const { policy } = await policyOf(flags, context)
    const id = await withAuditLog(connectionOf(flags, context), policy, (client) =>
      placeLogHold({ client, tenant, authority, reason, ...span, ...(subject !== undefined && { subject }) }),
    )
    if (flags.json) return printJson(output, { id })
    output.out(`${output.paint("green", "held")} ${id}`)
  })
}

export function releaseHoldCommand(context: CommandContext): Command {
  const command = new Command("release-hold")
    .description(
      "Release a legal hold of the log. One on a person's records is released with `wardkeep rights release`.",
    )
    .argument("<hold>", "its id")
    .requiredOption("--reason <text>", "why; recorded")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit release-hold $HOLD --reason "case closed"',
  ])
  return command.action(async (hold: string, flags: CommonOptions & { readonly reason: string }) => {
    const { policy } = await policyOf(flags, context)
    await withAuditLog(connectionOf(flags, context), policy, (client) =>
      releaseLogHold({ client, hold, reason: flags.reason }),
    )
    if (flags.json) return printJson(context.output, { released: hold })
    context.output.out(`${context.output.paint("green", "released")} ${hold}`)
  })
}

export function holdsCommand(context: CommandContext): Command {
  const command = new Command("holds").description(
    "Every legal hold that is open, on the log or on a person's records.",
  )
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), ["wardkeep audit holds"])
  return command.action(async (flags: CommonOptions) => {
    const { output } = context
    const { policy } = await policyOf(flags, context)
    const holds = await withAuditLog(connectionOf(flags, context), policy, openHolds)
    if (flags.json) return printJson(output, holds)
    for (const hold of holds) output.out(holdLine(hold))
    output.out(output.paint("dim", `${holds.length} open`))
  })
}

function holdLine({ id, tenant, subject, since, until, authority, reason, at, actor, placed_in }: Hold): string {
  const who = subject === null ? "everybody" : subject
  const when =
    since === null && until === null ? "" : `, ${since?.toISOString() ?? "…"} to ${until?.toISOString() ?? "…"}`
  return `${id}  ${who} of ${tenant}${when}: ${authority}, ${reason} [${placed_in}, ${actor}, ${at.toISOString()}]`
}
