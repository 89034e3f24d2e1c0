import { Command } from "commander"
import type { CommandContext } from "../command-context.js"
import { testsCommand } from "./tests.js"

export function matrixCommand(context: CommandContext): Command {
  const group = new Command("matrix").description("The roles of the policy file, tried, shown and reviewed.")
  for (const make of [testsCommand]) group.addCommand(make(context))
  return group
}
