import { askers, type Dated, gradeWords, inWords, type Tense } from "@wardkeep/consent"
import { Command } from "commander"
import { type LawAnswer, law } from "../commands/law.js"
import { type CommandContext, examples, printJson } from "./command-context.js"
import type { Output } from "./output.js"

interface LawFlags {
  readonly on?: string
  readonly as?: string
  readonly all?: boolean
  readonly json?: boolean
}

export function lawCommand(context: CommandContext): Command {
  const command = new Command("law")
    .description("Say which duties of Indian law bind a clinic on a day, and which will. Research, not legal advice.")
    .option("--on <day>", "such as 2027-05-13; default today in India")
    .option("--as <who>", `who asks: ${Object.keys(askers).join(", ")}; default clinic`)
    .option("--all", "also what binds nobody yet or any more, in full")
    .option("--json", "print one JSON document")
  examples(command, [
    "wardkeep law --on 2026-11-22",
    "wardkeep law --on 2027-05-13 --all",
    "wardkeep law --as vendor --json",
  ])
  return command.action((flags: LawFlags) => {
    const answer = law(flags)
    if (flags.json) return printJson(context.output, answer)
    printLaw(answer, context.output, flags.all === true)
  })
}

const headings: readonly (readonly [Tense, string])[] = [
  ["in_force", "In force"],
  ["unknown", "In force when the data was read; since when was not looked up"],
  ["not_yet", "Not yet"],
  ["proposed", "Proposed only"],
  ["held", "Held in abeyance"],
  ["ended", "Ended"],
]

function printLaw(
  { on, as, readOn, say, obligations, nextChange, instruments }: LawAnswer,
  output: Output,
  all: boolean,
): void {
  output.out(`${output.paint("bold", `On ${on}, for a ${as}`)} (as read on ${readOn})`)
  output.out(say)
  for (const [tense, heading] of headings) {
    const rules = obligations.filter((rule) => rule.tense === tense)
    if (rules.length === 0) continue
    output.out("")
    output.out(output.paint("bold", `${heading}: ${rules.length}`))
    if (!all && tense !== "in_force" && tense !== "unknown") continue
    let title = ""
    for (const rule of rules) {
      const next = instruments[rule.instrument] ?? rule.instrument
      if (next !== title) output.out(`  ${output.paint("dim", next)}`)
      title = next
      for (const line of linesOf(rule)) output.out(line)
    }
  }
  output.out("")
  output.out(nextChange === null ? "No later change is known." : `Next change: ${nextChange}`)
}

const parts = { enforces: "the database enforces a part", helps: "Wardkeep helps", clinic: "the clinic's job" } as const

function linesOf({ clause, duty, period, grade, sources, force, wardkeep }: Dated): string[] {
  const limit =
    period === undefined
      ? ""
      : ` [${period.kind === "within" ? "within" : "at least"} ${inWords(period.length)} from ${period.clock}]`
  const evidence = wardkeep.evidence === undefined ? "" : ` (${wardkeep.evidence})`
  const days = [
    force.from === "earlier" ? null : force.from && `from ${force.from}`,
    force.to && `until ${force.to}`,
  ].filter(Boolean)
  return [
    `    ${clause}: ${duty}${limit}`,
    `      ${parts[wardkeep.part]}${evidence} · ${gradeWords[grade]}${days.length > 0 ? ` · ${days.join(" ")}` : ""}`,
    `      source: ${sources.join("; ")}`,
  ]
}
