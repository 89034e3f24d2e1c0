import { Command } from "commander"
import type { CommandContext } from "../command-context.js"
import { crossingsCommand } from "./crossings.js"
import { reviewCommand } from "./review.js"
import { diffCommand, showCommand, unusedCommand } from "./show.js"
import { testsCommand } from "./tests.js"

export function matrixCommand(context: CommandContext): Command {
  const group = new Command("matrix").description("The roles of the policy file: shown, tried, compared and reviewed.")
  const commands = [showCommand, testsCommand, crossingsCommand, reviewCommand, diffCommand, unusedCommand]
  for (const make of commands) group.addCommand(make(context))
  return group
}
