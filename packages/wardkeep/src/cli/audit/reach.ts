import {
  type AccessReport,
  accessReport,
  type BlastRadius,
  blastRadius,
  deniedAttempts,
  handedOut,
  recordDiff,
} from "@wardkeep/audit"
import { Command } from "commander"
import type { CommandContext } from "../command-context.js"
import { accessLine, changeLine, deniedLine, handedLine, reachedLine, reachLines } from "./print.js"
import { reading } from "./reading.js"

export function diffCommand(context: CommandContext): Command {
  const command = new Command("diff")
    .description(
      "What became of one record between two moments, column by column; --json holds the values. The reading is recorded.",
    )
    .argument("<table>", "as the policy file names it, with its schema: public.patient")
    .argument("<record>", "its key")
    .option("--branch <id>", "only that branch's, where several have a record of that key")
  return reading<{ branch?: string }>(command, context, [
    'wardkeep audit diff public.visit $VISIT --tenant $CLINIC --from 2026-11-01 --reason "complaint 4" --json',
  ]).with(
    (asked, { branch }, relation = "", record = "") =>
      recordDiff({ ...asked, relation, record, ...(branch !== undefined && { branch }) }),
    changeLine,
  )
}

export function exportsCommand(context: CommandContext): Command {
  const command = new Command("exports")
    .description("Downloads, prints, exports and shares, with how they ended, newest first. The reading is recorded.")
    .option("--subject <id>", "only what named this person")
    .option("--actor <id>", "only by this actor")
  return reading<{ subject?: string; actor?: string }>(command, context, [
    'wardkeep audit exports --tenant $CLINIC --from 2026-11-01 --reason "review of November" --csv',
  ]).with(
    (asked, { subject, actor }) =>
      handedOut({ ...asked, ...(subject !== undefined && { subject }), ...(actor !== undefined && { actor }) }),
    handedLine,
  )
}

export function deniedCommand(context: CommandContext): Command {
  const command = new Command("denied")
    .description("What was refused to whom, and sign-ins that failed, newest first. The reading is recorded.")
    .option("--actor <id>", "only this actor")
  return reading<{ actor?: string }>(command, context, [
    'wardkeep audit denied --tenant $CLINIC --from 2026-11-01 --reason "review of November"',
  ]).with((asked, { actor }) => deniedAttempts({ ...asked, ...(actor !== undefined && { actor }) }), deniedLine)
}

export function blastRadiusCommand(context: CommandContext): Command {
  const command = new Command("blast-radius")
    .description("Whom an account or a session reached between two moments, and what in all. The reading is recorded.")
    .option("--actor <id>", "the account")
    .option("--session <id>", "or one session of it")
  return reading<{ actor?: string; session?: string }>(command, context, [
    'wardkeep audit blast-radius --tenant $CLINIC --actor asha --from 2026-11-01T22:00Z --reason "incident 7" --json',
  ]).with(
    (asked, { actor, session }) =>
      blastRadius({ ...asked, ...(actor !== undefined && { actor }), ...(session !== undefined && { session }) }),
    reachedLine,
    ({ reach }: BlastRadius) => reachLines(reach),
  )
}

export function accessReportCommand(context: CommandContext): Command {
  const command = new Command("access-report")
    .description(
      "For a person: who had to do with their records, without values, and what the list cannot know. The reading is recorded.",
    )
    .requiredOption("--subject <id>", "the person")
    .option("--guardian <id>", "who asks for them; without it the person does")
  return reading<{ subject: string; guardian?: string }>(command, context, [
    'wardkeep audit access-report --tenant $CLINIC --subject $PATIENT --reason "request 17"',
  ]).with(
    (asked, { subject, guardian }) =>
      accessReport({ ...asked, subject, requestedBy: guardian === undefined ? "subject" : { guardian } }),
    accessLine,
    ({ gaps }: AccessReport) => gaps,
  )
}
