import { durationSeconds, WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { type Why, type WhyLayer, why } from "../commands/matrix/why.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  printJson,
  withDatabase,
  withPolicy,
} from "./command-context.js"
import type { Output } from "./output.js"

interface WhyFlags extends CommonOptions {
  readonly as: string
  readonly branch: string
  readonly action: string
  readonly row: string
  readonly actor?: string
  readonly purpose?: string
  readonly mfa?: string
  readonly columns?: string
}

export function whyCommand(context: CommandContext): Command {
  const command = new Command("why")
    .description(
      "Say why a role may or may not do something with one row, layer by layer. Reads the row as the owner, under the fence of that clinic, and records it; prints no value of it.",
    )
    .requiredOption("--as <role>", "a role or service of the policy file")
    .requiredOption("--branch <id>", "the branch that it stands in")
    .requiredOption("--action <action>", "create, read, update, delete, download, print, export or share")
    .requiredOption("--row <table:key>", "such as patient:123")
    .option("--actor <id>", "who; conditions and assignments that name the actor need it")
    .option("--purpose <name>", "for which purpose; default the first that the cell allows")
    .option("--mfa <duration>", "how old the second factor is, such as PT5M; default there was none")
    .option("--columns <names>", "only these columns, separated by commas")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL, then WARDKEEP_ADMIN_URL"), [
    "wardkeep why --as reception --branch $NORTH --action read --row patient:$PATIENT",
    "wardkeep why --as doctor --actor asha --branch $NORTH --action update --row note:17 --mfa PT5M --json",
  ])
  return command.action(async (flags: WhyFlags) => {
    const { output } = context
    const { as, branch, action, row, actor, purpose } = flags
    const mfaAge = ageOf(flags.mfa)
    const columns = flags.columns?.split(",")
    const { policy } = await policyOf(flags, context)
    const connection = connectionOf(flags, context)
    const answer = await why({ policy, connection, as, branch, action, row, actor, purpose, mfaAge, columns })
    if (flags.json) return printJson(output, answer)
    print(answer, output)
  })
}

function ageOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/.test(text)) return durationSeconds(text)
  throw new WardkeepError("WK009", { message: "--mfa is not a duration", hint: "Write PT5M or PT12H." })
}

function print({ effect, question, layers }: Why, output: Output): void {
  output.out(question)
  output.out(output.paint(effect === "allow" ? "green" : "red", effect))
  for (const { layer, holds, text, rule, parts } of layers) {
    output.out(`  ${mark(holds)}  ${layer}: ${text}${rule === null ? "" : `  (${rule})`}`)
    for (const part of parts) output.out(`         ${mark(part.holds)}  ${part.text}`)
  }
}

function mark(holds: WhyLayer["holds"]): string {
  if (holds === null) return "?  "
  return holds ? "yes" : "NO "
}
