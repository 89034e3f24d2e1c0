import { Command } from "commander"
import { explain } from "../commands/errors.js"
import { type CommandContext, examples, printJson } from "./command-context.js"

export function errorsCommand(context: CommandContext): Command {
  const command = new Command("errors")
    .description("Explain an error code, or list all of them.")
    .argument("[code]", "such as WK101")
    .option("--json", "print one JSON document")
  examples(command, ["wardkeep errors WK101", "wardkeep errors"])
  return command.action((code: string | undefined, flags: { json?: boolean }) => {
    const { output } = context
    const entries = explain(code)
    if (flags.json) return printJson(output, code === undefined ? entries : entries[0])
    for (const entry of entries) {
      output.out(`${output.paint("bold", entry.code)} ${entry.title}`)
      if (code !== undefined) output.out(`  → ${entry.hint}\n  HTTP status: ${entry.http}`)
    }
  })
}
