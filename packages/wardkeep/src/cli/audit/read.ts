import { type Reading, timeline, touched, whoChanged, whoSaw } from "@wardkeep/audit"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import type pg from "pg"
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
import { coverageLines, eventLine, seenLine, touchedLine } from "./print.js"

interface ReadFlags extends CommonOptions {
  readonly tenant: string
  readonly reason: string
  readonly from?: string
  readonly to?: string
  readonly limit?: string
}

interface Asked {
  readonly client: pg.Client
  readonly tenant: string
  readonly reason: string
  readonly from?: string
  readonly to?: string
  readonly limit?: number
}

export function timelineCommand(context: CommandContext): Command {
  const command = new Command("timeline")
    .description("What happened to a person's records, or what an actor did, newest first. The reading is recorded.")
    .option("--subject <id>", "the person")
    .option("--actor <id>", "or who acted")
  return reading<{ subject?: string; actor?: string }>(command, context, [
    'wardkeep audit timeline --tenant $CLINIC --subject $PATIENT --reason "request 17"',
    'wardkeep audit timeline --tenant $CLINIC --actor asha --from 2026-11-01 --reason "complaint 4" --json',
  ]).with(
    (asked, { subject, actor }) =>
      timeline({ ...asked, ...(subject !== undefined && { subject }), ...(actor !== undefined && { actor }) }),
    eventLine,
  )
}

export function whoChangedCommand(context: CommandContext): Command {
  const command = new Command("who-changed")
    .description("Who changed one record, newest first; --json holds old and new values. The reading is recorded.")
    .argument("<table>", "as the policy file names it, with its schema: public.patient")
    .argument("<record>", "its key")
  return reading<object>(command, context, [
    'wardkeep audit who-changed public.visit $VISIT --tenant $CLINIC --reason "complaint 4"',
  ]).with((asked, _, relation = "", record = "") => whoChanged({ ...asked, relation, record }), eventLine)
}

export function whoSawCommand(context: CommandContext): Command {
  const command = new Command("who-saw")
    .description("Who was shown rows about a person through the client, newest first. The reading is recorded.")
    .requiredOption("--subject <id>", "the person")
  return reading<{ subject: string }>(command, context, [
    'wardkeep audit who-saw --tenant $CLINIC --subject $PATIENT --reason "request 17"',
  ]).with((asked, { subject }) => whoSaw({ ...asked, subject }), seenLine)
}

export function touchedCommand(context: CommandContext): Command {
  const command = new Command("touched")
    .description(
      "Whose records an actor changed or saw; with --subject, whether they did with this one. The reading is recorded.",
    )
    .argument("<actor>", "who acted")
    .option("--subject <id>", "only this person")
  return reading<{ subject?: string }>(command, context, [
    'wardkeep audit touched asha --tenant $CLINIC --reason "complaint 4"',
    'wardkeep audit touched asha --tenant $CLINIC --subject $PATIENT --reason "complaint 4"',
  ]).with(
    (asked, { subject }, actor = "") => touched({ ...asked, actor, ...(subject !== undefined && { subject }) }),
    touchedLine,
  )
}

/** The options and the answer that every reading shares. */
function reading<Flags extends object>(command: Command, context: CommandContext, lines: readonly string[]) {
  command
    .requiredOption("--tenant <id>", "whose log")
    .requiredOption("--reason <text>", "why; recorded")
    .option("--from <moment>", "from this moment on, ISO 8601")
    .option("--to <moment>", "up to this moment")
    .option("--limit <n>", "at most so many; default 1000")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), lines)
  return {
    with: <T>(
      ask: (asked: Asked, flags: Flags, ...args: (string | undefined)[]) => Promise<Reading<T>>,
      line: (row: T) => string,
    ): Command =>
      command.action(async () => {
        const { output } = context
        const flags = command.opts<ReadFlags & Flags>()
        const window = windowOf(flags)
        const { policy } = await policyOf(flags, context)
        const found = await withAuditLog(connectionOf(flags, context), policy, (client) =>
          ask({ client, tenant: flags.tenant, reason: flags.reason, ...window }, flags, ...command.args),
        )
        if (flags.json) return printJson(output, found)
        for (const row of found.rows) output.out(line(row))
        if (found.more) output.out("… there is more: give --limit, --from or --to")
        for (const text of coverageLines(found.rows.length, found.coverage)) output.out(output.paint("dim", text))
      }),
  }
}

function windowOf({ from, to, limit }: ReadFlags): Pick<Asked, "from" | "to" | "limit"> {
  return {
    ...(from !== undefined && { from: momentOf("--from", from) }),
    ...(to !== undefined && { to: momentOf("--to", to) }),
    ...(limit !== undefined && { limit: limitOf(limit) }),
  }
}

function momentOf(flag: string, text: string): string {
  const moment = new Date(text)
  if (/^\d{4}-/.test(text) && !Number.isNaN(moment.getTime())) return moment.toISOString()
  throw new WardkeepError("WK009", {
    message: `${flag} is not a moment`,
    hint: "Write 2026-11-01 or 2026-11-01T09:00Z.",
  })
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit > 0 && limit <= 100_000) return limit
  throw new WardkeepError("WK009", { message: "--limit takes a whole number from 1 to 100000" })
}
