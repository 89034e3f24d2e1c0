import { type Asked, openRequests, type Refusal, type RightsDecision } from "@wardkeep/consent"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import {
  rightsAnswered,
  rightsDecide,
  rightsDestroy,
  rightsHold,
  rightsIdentify,
  rightsList,
  rightsOpen,
  rightsPack,
  rightsRelease,
} from "../../commands/consent/rights.js"
import { textsOf } from "../audit/files.js"
import type { CommandContext } from "../command-context.js"
import type { Output } from "../output.js"
import { ledgerCommand, momentOf, withNewFile } from "./group.js"
import { keepCommand } from "./keep.js"

const clinic = "--tenant $CLINIC"
const person = (command: Command): Command => command.requiredOption("--subject <id>", "the person")
const ofRequest = (command: Command): Command => command.argument("<request>", "its id")
const recorded = (id: string, output: Output): void => output.out(`${output.paint("green", "recorded")} ${id}`)

export function rightsCommand(context: CommandContext): Command {
  const group = new Command("rights").description(
    "What people ask for about their data: requests, decisions, answers, legal holds, destruction.",
  )
  for (const make of [list, open, identify, keepCommand, decide, pack, hold, release, destroy])
    group.addCommand(make(context))
  return group
}

function list(context: CommandContext): Command {
  return ledgerCommand<{ subject?: string }, Awaited<ReturnType<typeof rightsList>>>(context, {
    name: "list",
    description: "Requests that nobody decided yet, the first due first; --json has every act.",
    options: (command) => command.option("--subject <id>", "only this person"),
    examples: [`wardkeep rights list ${clinic} --reason "weekly look"`],
    run: async (options, { subject }) => await rightsList({ ...options, ...(subject !== undefined && { subject }) }),
    print: (events, output) => {
      const waiting = openRequests(events)
      for (const { request, asked, dueAt } of waiting)
        output.out(`${dueAt.toISOString()}  ${asked}  ${request}${dueAt < new Date() ? "  LATE" : ""}`)
      output.out(output.paint("dim", `${waiting.length} undecided`))
    },
  })
}

function open(context: CommandContext): Command {
  interface Flags {
    subject: string
    channel: string
    received?: string
    published?: string
    records?: boolean
    what?: string
    nominee?: string
  }
  return ledgerCommand<Flags, Awaited<ReturnType<typeof rightsOpen>>>(context, {
    name: "open",
    description: "Record a request: access, correction, erasure, grievance or nomination.",
    options: (command) =>
      person(command.argument("<what>", "access, correction, erasure, grievance or nomination"))
        .requiredOption("--channel <name>", "through which it came")
        .option("--received <moment>", "when; default now")
        .option("--published <period>", "the period that the clinic publishes, such as P30D")
        .option("--records", "copies of medical records too, which have a clock of their own")
        .option("--what <text>", "what is to be corrected, or is complained of")
        .option("--nominee <text>", "who is nominated"),
    examples: [`wardkeep rights open access ${clinic} --subject $PATIENT --channel letter --reason "letter 4"`],
    run: async (options, { subject, channel, received, records, published, what, nominee }, asked = "") => {
      const receivedAt = received === undefined ? new Date() : momentOf("--received", received)
      return await rightsOpen({
        ...options,
        subject,
        channel,
        asked: askedOf(asked),
        receivedAt,
        recordsToo: records === true,
        ...(published !== undefined && { published }),
        ...(what !== undefined && { what }),
        ...(nominee !== undefined && { nominee }),
      })
    },
    print: ({ request, dueAt, rule }, output) => {
      recorded(request, output)
      output.out(`  due ${dueAt.toISOString()}: ${rule ?? "the clinic's own period, no statute"}`)
    },
  })
}

function askedOf(text: string): Asked {
  const known: readonly Asked[] = ["access", "correction", "erasure", "grievance", "nomination"]
  const asked = known.find((one) => one === text)
  if (asked !== undefined) return asked
  throw new WardkeepError("WK009", { message: "nobody asks for that", hint: `Write one of ${known.join(", ")}.` })
}

function identify(context: CommandContext): Command {
  return ledgerCommand<{ how: string; evidence: string }, string>(context, {
    name: "identify",
    description: "Record how it was checked that the one who asks is the person.",
    options: (command) =>
      ofRequest(command)
        .requiredOption("--how <text>", "such as: identity card seen")
        .requiredOption("--evidence <text>", "a reference"),
    examples: [`wardkeep rights identify $REQUEST ${clinic} --how "card seen" --evidence "note 4" --reason "letter 4"`],
    run: async (options, { how, evidence }, request = "") =>
      await rightsIdentify({ ...options, request, how, evidence }),
    print: recorded,
  })
}

function decide(context: CommandContext): Command {
  interface Flags {
    outcome: string
    why?: string
    cites?: string
    words: string
    contact: string
    keep?: string
  }
  return ledgerCommand<Flags, string>(context, {
    name: "decide",
    description: "Decide a request. An erasure hides the person from every role at once.",
    options: (command) =>
      ofRequest(command)
        .requiredOption("--outcome <name>", "fulfilled, partly or refused")
        .option("--why <name>", "the reason, unless it is fulfilled")
        .option("--cites <text>", "instrument and clause")
        .requiredOption("--words <text>", "what the person is told")
        .requiredOption("--contact <text>", "who answers questions")
        .option("--keep <file>", "of an erasure: JSON, what is kept, by which rule and until when"),
    examples: [
      `wardkeep rights decide $REQUEST ${clinic} --outcome fulfilled --words "Here it is." --contact privacy@clinic.example --reason "letter 4"`,
    ],
    run: async (options, { outcome, why, keep, ...rest }, request = "") => {
      const [text] = await textsOf(keep === undefined ? [] : [keep], context)
      // The database knows what fits and says so.
      const decision = {
        request,
        outcome: outcome as RightsDecision["outcome"],
        words: rest.words,
        contact: rest.contact,
        ...(rest.cites !== undefined && { cites: rest.cites }),
        ...(why !== undefined && { reason: why as Refusal }),
        ...(text !== undefined && { keep: keptOf(text) }),
      }
      return await rightsDecide({ ...options, decision })
    },
    print: recorded,
  })
}

function keptOf(text: string): NonNullable<RightsDecision["keep"]> {
  try {
    const read: unknown = JSON.parse(text)
    if (Array.isArray(read)) return read
  } catch {
    // Said below.
  }
  throw new WardkeepError("WK009", { message: "--keep holds no JSON list", hint: "Write [] where nothing is kept." })
}

function pack(context: CommandContext): Command {
  return ledgerCommand<{ out: string; data?: string }, Awaited<ReturnType<typeof rightsPack>>>(context, {
    name: "pack",
    description:
      "Write the answer to a granted request for access: a page to read and print, and the same for machines.",
    options: (command) =>
      ofRequest(command)
        .requiredOption("--out <file>", "a new file for the page, such as answer.html")
        .option("--data <file>", "a new file for machines, which the page names by its hash, such as answer.json"),
    examples: [`wardkeep rights pack $REQUEST ${clinic} --out answer.html --data answer.json --reason "letter 4"`],
    run: async (options, { out, data }, request = "") => {
      const make = () => rightsPack({ ...options, request })
      return await withNewFile(out, context, async () => {
        const answer =
          data === undefined
            ? await make()
            : await withNewFile(data, context, async () => {
                const made = await make()
                return { answer: made, text: made.data }
              })
        const { html, sha256 } = answer
        return { answer, text: html, written: () => rightsAnswered({ ...options, request, sha256 }) }
      })
    },
    print: ({ sha256 }, output, { out }) =>
      output.out(`${output.paint("green", "written")} ${out}\n  SHA-256 ${sha256}`),
  })
}

function hold(context: CommandContext): Command {
  return ledgerCommand<{ subject: string; authority: string }, string>(context, {
    name: "hold",
    description: "Place a legal hold: nothing about the person is destroyed until it is released.",
    options: (command) => person(command).requiredOption("--authority <text>", "who asks for it"),
    examples: [`wardkeep rights hold ${clinic} --subject $PATIENT --authority "court" --reason "case 4/2026"`],
    run: async (options, { subject, authority }) => await rightsHold({ ...options, subject, authority }),
    print: recorded,
  })
}

function release(context: CommandContext): Command {
  return ledgerCommand<{ subject: string }, string>(context, {
    name: "release",
    description: "Release a legal hold.",
    options: (command) => person(command.argument("<hold>", "its id")),
    examples: [`wardkeep rights release $HOLD ${clinic} --subject $PATIENT --reason "case closed"`],
    run: async (options, { subject }, of = "") => await rightsRelease({ ...options, subject, hold: of }),
    print: recorded,
  })
}

function destroy(context: CommandContext): Command {
  interface Flags {
    out: string
    key?: string
    yes?: boolean
  }
  return ledgerCommand<Flags, Awaited<ReturnType<typeof rightsDestroy>>>(context, {
    name: "destroy",
    description:
      "Destroy a person whose erasure was decided, once no period and no hold keeps the records, in the tables and in the audit log; write a certificate.",
    options: (command) =>
      ofRequest(command)
        .requiredOption("--out <file>", "a new file for the certificate")
        .option("--key <file>", "the key that seals the audit log; default WARDKEEP_AUDIT_KEY, else a sealer that runs")
        .option("--yes", "really do it"),
    examples: [`wardkeep rights destroy $REQUEST ${clinic} --out certificate.json --reason "period over" --yes`],
    run: async ({ reason: _, ...options }, { out, key, yes }, request = "") => {
      if (yes !== true)
        throw new WardkeepError("WK009", {
          message: "a destruction cannot be undone, and nobody confirmed it",
          hint: "Look at the request, then pass --yes.",
        })
      const [read = context.surroundings.env.WARDKEEP_AUDIT_KEY] = await textsOf(
        key === undefined ? [] : [key],
        context,
      )
      return await withNewFile(out, context, async () => {
        const answer = await rightsDestroy({ ...options, request, ...(read !== undefined && { sealKey: read }) })
        return { answer, text: `${JSON.stringify(answer, null, 2)}\n` }
      })
    },
    print: ({ destroyed, log }, output, { out }) => {
      for (const [table, rows] of Object.entries(destroyed)) output.out(`  ${table}: ${rows}`)
      const told = {
        erased: `taken out of ${log.events} events`,
        none: "there is none",
        "key-of-several": "NOT REACHED",
      }
      output.out(`  audit log: ${told[log.outcome]}`)
      output.out(`${output.paint("green", "destroyed")}, and nothing found afterwards: ${out}`)
    },
  })
}
