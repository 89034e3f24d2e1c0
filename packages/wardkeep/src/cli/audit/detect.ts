import { alerts, type Reviewed, reviewAccess, unexplained } from "@wardkeep/audit"
import { WardkeepError } from "@wardkeep/core"
import type { Wardkeep } from "@wardkeep/postgres"
import { Command } from "commander"
import { signedIn } from "../../commands/signed-in.js"
import {
  type CommandContext,
  type CommonOptions,
  examples,
  policyOf,
  printJson,
  withPolicy,
} from "../command-context.js"
import { secondFactorOf, withSecondFactor } from "../second-factor.js"
import { alertLines, queuedLine, underAlerts, underQueue } from "./print-detect.js"
import { limitOf, momentOf } from "./reading.js"

interface ReviewerFlags extends CommonOptions {
  readonly as: string
  readonly actor: string
  readonly branch: readonly string[]
  readonly tenant?: string
  readonly purpose?: string
  readonly secondFactor?: string
  readonly reason: string
}

interface WindowFlags extends ReviewerFlags {
  readonly from?: string
  readonly to?: string
  readonly limit?: string
}

interface ReviewFlags extends ReviewerFlags {
  readonly event: readonly string[]
  readonly subject?: string
  readonly rule?: string
  readonly outcome: string
}

/** Who asks is a person in a branch, with a session like the application's: what they may not see, they are not told. */
function asReviewer(command: Command, lines: readonly string[]): Command {
  command
    .requiredOption("--as <role>", "a role under detection.reviewedBy that the actor holds")
    .requiredOption("--actor <id>", "who reviews; recorded")
    .requiredOption("--branch <id...>", "the branches that are reviewed")
    .requiredOption("--reason <text>", "why; recorded")
    .option("--tenant <id>", "the branches' clinic, where there are several")
    .option("--purpose <name>", "for which purpose; default the first of the role")
  withSecondFactor(command)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nIt reads WARDKEEP_APP_URL, WARDKEEP_ISSUER_URL, WARDKEEP_KEY_ID and WARDKEEP_SIGNING_KEY: whoever has the issuer's key can be anybody.",
    )
  return examples(withPolicy(command), lines)
}

function withWindow(command: Command): Command {
  return command
    .option("--from <moment>", "from this moment on, ISO 8601; default 7 days before the end")
    .option("--to <moment>", "before this moment; default now")
}

function windowOf({ from, to, reason }: WindowFlags): { from: string; to: string; reason: string } {
  const end = to === undefined ? new Date().toISOString() : momentOf("--to", to)
  const start = from === undefined ? new Date(Date.parse(end) - 7 * 86_400_000).toISOString() : momentOf("--from", from)
  return { from: start, to: end, reason }
}

async function reviewing<T>(
  flags: ReviewerFlags,
  context: CommandContext,
  command: string,
  work: (client: Wardkeep, policy: Awaited<ReturnType<typeof policyOf>>["policy"]) => Promise<T>,
): Promise<T> {
  const mfaAt = secondFactorOf(flags.secondFactor)
  const { policy } = await policyOf(flags, context)
  const { as: role, actor, branch: branches, tenant, purpose, reason } = flags
  const { env } = context.surroundings
  const person = { policy, env, actor, role, branches, tenant, purpose, reason, minutes: 15, mfaAt }
  let said = "it failed"
  return await signedIn(
    person,
    `wardkeep audit ${command}`,
    async ({ wk, session }) => {
      const [grant] = session.grants
      const done = await wk.run(session, { ...(grant && { purpose: grant.purpose }) }, () => work(wk, policy))
      said = "done"
      return done
    },
    () => said,
  )
}

export function unexplainedCommand(context: CommandContext): Command {
  const command = withWindow(
    new Command("unexplained").description(
      "Accesses to persons that no appointment, treatment, duty, referral or emergency of the policy file explains, and what became of earlier ones. Each is put into the queue; the reading is recorded.",
    ),
  ).option("--limit <n>", "at most so many lines; default 1000")
  return asReviewer(command, [
    'wardkeep audit unexplained --as privacy_officer --actor meena --branch $NORTH --reason "weekly review"',
  ]).action(async (flags: WindowFlags) => {
    const limit = flags.limit === undefined ? {} : { limit: limitOf(flags.limit) }
    const found = await reviewing(flags, context, "unexplained", (client) =>
      unexplained({ client, ...windowOf(flags), ...limit }),
    )
    const { output } = context
    if (flags.json) return printJson(output, found)
    for (const row of found.rows) output.out(queuedLine(row))
    for (const text of underQueue(found)) output.out(output.paint("dim", text))
  })
}

export function alertsCommand(context: CommandContext): Command {
  const command = withWindow(
    new Command("alerts").description(
      "What the rules of the policy file find: volume, walks, emergencies without review, hours, assignments, refusals. Each names its rule, its events and what it would be were it nothing. The reading is recorded.",
    ),
  )
  return asReviewer(command, [
    'wardkeep audit alerts --as privacy_officer --actor meena --branch $NORTH --from 2026-11-01 --reason "weekly review" --json',
  ]).action(async (flags: WindowFlags) => {
    const found = await reviewing(flags, context, "alerts", (client, policy) =>
      alerts({ client, policy, ...windowOf(flags) }),
    )
    const { output } = context
    if (flags.json) return printJson(output, found)
    for (const row of found.rows) for (const line of alertLines(row)) output.out(line)
    for (const text of underAlerts(found)) output.out(output.paint("dim", text))
  })
}

export function reviewAccessCommand(context: CommandContext): Command {
  const command = new Command("review-access")
    .description(
      "Record what an access to a person, or an alert, was found to be: an event of the log that nobody changes. Nobody reviews what they did themselves.",
    )
    .requiredOption(
      "--event <ref...>",
      "the event of the access, or all of an alert's, as the other commands print them",
    )
    .option("--subject <id>", "the person, for an access")
    .option("--rule <name>", "the rule, for an alert")
    .requiredOption("--outcome <word>", "legitimate, not_legitimate or forwarded")
  return asReviewer(command, [
    'wardkeep audit review-access --as privacy_officer --actor meena --branch $NORTH --event 7712-345 --subject $PATIENT --outcome legitimate --reason "telephone call, see ticket 12"',
  ]).action(async (flags: ReviewFlags) => {
    const { outcome, reason } = flags
    if (outcome !== "legitimate" && outcome !== "not_legitimate" && outcome !== "forwarded")
      throw new WardkeepError("WK009", { message: "--outcome takes legitimate, not_legitimate or forwarded" })
    const of = reviewedOf(flags)
    const id = await reviewing(flags, context, "review-access", (client) =>
      reviewAccess({ client, of, outcome, reason }),
    )
    if (flags.json) return printJson(context.output, { id, outcome })
    context.output.out(`Review ${id} is recorded: ${outcome}.`)
  })
}

function reviewedOf({ event: events, subject, rule }: ReviewFlags): Reviewed {
  const [event, second] = events
  if (subject !== undefined && rule === undefined && event !== undefined && second === undefined)
    return { event, subject }
  if (subject === undefined && rule !== undefined) return { rule, events }
  throw new WardkeepError("WK009", { message: "give one --event and --subject, or --rule and all of its events" })
}
