import type { Delivery } from "@wardkeep/consent"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import {
  consentCampaign,
  consentHistory,
  consentProve,
  consentShow,
  consentWithdraw,
} from "../../commands/consent/ledger.js"
import { textsOf } from "../audit/files.js"
import type { CommandContext } from "../command-context.js"
import { countOf } from "../findings.js"
import { ledgerCommand, momentOf, withNewFile } from "./group.js"

const person = (command: Command): Command => command.requiredOption("--subject <id>", "the person")
const about = "--tenant $CLINIC --subject $PATIENT"

export function consentCommand(context: CommandContext): Command {
  const group = new Command("consent").description(
    "Read the consent ledger, withdraw, prove, and tell existing patients.",
  )
  for (const make of [show, past, withdraw, prove, campaign]) group.addCommand(make(context))
  return group
}

function show(context: CommandContext): Command {
  return ledgerCommand<{ subject: string; at?: string }, Awaited<ReturnType<typeof consentShow>>>(context, {
    name: "show",
    description: "Where a person stands about each purpose that waits, now or at a past moment.",
    options: (command) => person(command).option("--at <moment>", "ISO 8601; default now"),
    examples: [`wardkeep consent show ${about} --reason "call 12"`],
    run: async (options, { subject, at }) =>
      await consentShow({ ...options, subject, at: at === undefined ? new Date() : momentOf("--at", at) }),
    print: (answer, output) => {
      for (const { purpose, waitsFor, state, objected, since } of answer)
        output.out(
          waitsFor === "objection"
            ? `${purpose}: ${objected ? "objected" : "no objection"}`
            : `${purpose}: ${state}${since === undefined ? "" : ` since ${since}`}`,
        )
    },
  })
}

function past(context: CommandContext): Command {
  return ledgerCommand<{ subject: string }, Awaited<ReturnType<typeof consentHistory>>>(context, {
    name: "history",
    description: "Everything the ledger holds about a person, oldest first.",
    options: person,
    examples: [`wardkeep consent history ${about} --reason "call 12" --json`],
    run: async (options, { subject }) => await consentHistory({ ...options, subject }),
    print: (events, output) => {
      for (const { id, at, kind, purpose, channel, actor } of events)
        output.out(`${at}  ${kind}${purpose === null ? "" : ` ${purpose}`}  ${channel ?? "-"}  by ${actor}  ${id}`)
      output.out(output.paint("dim", countOf(events.length, "event")))
    },
  })
}

function withdraw(context: CommandContext): Command {
  interface Flags {
    subject: string
    purpose?: string[]
    all?: boolean
    channel: string
    method: string
  }
  return ledgerCommand<Flags, readonly string[]>(context, {
    name: "withdraw",
    description: "Withdraw consent, or object where a purpose needs none. It holds on the next statement.",
    options: (command) =>
      person(command)
        .option("--purpose <name...>", "which")
        .option("--all", "everything that stands")
        .requiredOption("--channel <name>", "through which the person said it, such as letter")
        .option("--method <name>", "how", "written"),
    examples: [`wardkeep consent withdraw ${about} --purpose outreach --channel letter --reason "letter 9"`],
    run: async (options, { subject, purpose = [], all, channel, method }) => {
      if (purpose.length > 0 === (all === true))
        throw new WardkeepError("WK009", { message: "say --purpose or --all", hint: "Name what is withdrawn." })
      return await consentWithdraw({ ...options, subject, purposes: purpose, channel, method })
    },
    print: (purposes, output) => output.out(`${output.paint("green", "withdrawn")} ${purposes.join(", ")}`),
  })
}

function prove(context: CommandContext): Command {
  return ledgerCommand<{ subject: string; out: string }, Awaited<ReturnType<typeof consentProve>>>(context, {
    name: "prove",
    description: "Write one decision with what it rests on; hand it over beside a bundle of the audit log.",
    options: (command) =>
      person(command.argument("<event>", "the id of the decision")).requiredOption("--out <file>", "a new file"),
    examples: [`wardkeep consent prove $EVENT ${about} --out proof.json --reason "complaint 4"`],
    run: async (options, { subject, out }, event = "") => {
      return await withNewFile(out, context, async () => {
        const answer = await consentProve({ ...options, subject, event })
        return { answer, text: `${JSON.stringify(answer, null, 2)}\n` }
      })
    },
    print: (proof, output, { out }) =>
      output.out(`${output.paint("green", "written")} ${out}: ${countOf(proof.events.length, "event")}`),
  })
}

function campaign(context: CommandContext): Command {
  interface Flags {
    notice: string
    name: string
    delivered?: string
    limit: string
  }
  return ledgerCommand<Flags, Awaited<ReturnType<typeof consentCampaign>>>(context, {
    name: "campaign",
    description:
      "Record to which existing patients a notice was delivered, and say who is left. Run it again to go on.",
    options: (command) =>
      command
        .requiredOption("--notice <id>", "the version of the notice")
        .requiredOption("--name <text>", "of the campaign")
        .option("--delivered <file>", "JSON lines: subject, language, channel, and evidence or undelivered")
        .option("--limit <n>", "name at most so many who are left", "500"),
    examples: [
      'wardkeep consent campaign --tenant $CLINIC --notice $NOTICE --name 2027 --reason "section 5(2)" --json',
      'wardkeep consent campaign --tenant $CLINIC --notice $NOTICE --name 2027 --delivered sent.jsonl --reason "letters"',
    ],
    run: async (options, { notice, name, delivered, limit }) => {
      const [text = ""] = await textsOf(delivered === undefined ? [] : [delivered], context)
      const most = Number(limit)
      if (!Number.isInteger(most) || most < 1 || most > 10_000)
        throw new WardkeepError("WK009", { message: "--limit takes a whole number from 1 to 10000" })
      return await consentCampaign({ ...options, notice, campaign: name, deliveries: deliveriesOf(text), most })
    },
    print: ({ recorded, reached, unreached }, output) => {
      output.out(`recorded ${countOf(recorded, "event")}`)
      for (const { channel, language, served, undelivered } of reached)
        output.out(`  ${channel}, ${language}: ${served} told, ${undelivered} not reached`)
      output.out(`${unreached.length} named who are left; --json has their keys`)
    },
  })
}

function deliveriesOf(text: string): Delivery[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as Delivery
    } catch (cause) {
      throw new WardkeepError("WK009", { message: `line ${index + 1} is no JSON`, hint: "One object a line.", cause })
    }
  })
}
