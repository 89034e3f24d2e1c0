import { Command } from "commander"
import type { CommandContext } from "../command-context.js"
import { crossingsCommand } from "./crossings.js"
import { reviewCommand } from "./review.js"
import { testsCommand } from "./tests.js"

export function matrixCommand(context: CommandContext): Command {
  const group = new Command("matrix").description("The roles of the policy file, tried, shown and reviewed.")
  for (const make of [testsCommand, crossingsCommand, reviewCommand]) group.addCommand(make(context))
  return group
}
