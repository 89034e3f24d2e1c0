import { Command } from "commander"
import { rightsKeep } from "../../commands/consent/keep.js"
import { textsOf } from "../audit/files.js"
import { type CommandContext, examples, printJson } from "../command-context.js"
import { momentOf, withNewFile } from "./group.js"

interface KeepFlags {
  readonly record: readonly string[]
  readonly attested?: string
  readonly on?: string
  readonly out?: string
  readonly json?: boolean
}

/** What an erasure leaves, by the law data alone: no database, no person. */
export function keepCommand(context: CommandContext): Command {
  const command = new Command("keep")
    .description(
      "Say what of a person's records is kept, by which rule and until when: the file that decide --keep takes.",
    )
    .requiredOption("--record <class=day...>", "a class of record and the day its period counts from")
    .option("--attested <file>", "JSON: which named person read which rule, and when; a year old at most")
    .option("--on <moment>", "default now")
    .option("--out <file>", "a new file for decide --keep")
    .option("--json", "print one JSON document")
  examples(command, [
    "wardkeep rights keep --record inpatient=2025-02-01 pcpndt=2025-02-03 --attested attested.json --out keep.json",
  ])
  return command.action(async ({ record, attested, on, out, json }: KeepFlags) => {
    const [read] = await textsOf(attested === undefined ? [] : [attested], context)
    const answer = rightsKeep({
      records: record,
      ...(read !== undefined && { attested: read }),
      ...(on !== undefined && { on: momentOf("--on", on) }),
    })
    if (out !== undefined)
      await withNewFile(out, context, async () => ({ answer, text: `${JSON.stringify(answer.keep, null, 2)}\n` }))
    const { output } = context
    if (json) return printJson(output, answer)
    for (const { record: of, until, cites, rule } of answer.keep) output.out(`${until}  ${of}: ${cites} (${rule})`)
    for (const of of answer.free) output.out(`nothing keeps ${of} any longer`)
    if (out !== undefined) output.out(`${output.paint("green", "written")} ${out}`)
  })
}
