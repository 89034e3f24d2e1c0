import { timeline, touched, whoChanged, whoSaw } from "@wardkeep/audit"
import { Command } from "commander"
import type { CommandContext } from "../command-context.js"
import { eventLine, seenLine, touchedLine } from "./print.js"
import { reading } from "./reading.js"

export function timelineCommand(context: CommandContext): Command {
  const command = new Command("timeline")
    .description("What happened to a person's records, or what an actor did, newest first. The reading is recorded.")
    .option("--subject <id>", "the person")
    .option("--actor <id>", "or who acted")
    .option("--fhir <address>", "print FHIR R4 AuditEvents; the address of your server stands in them")
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
