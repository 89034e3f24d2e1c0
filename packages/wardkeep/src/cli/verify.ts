import { Command } from "commander"
import type { CommandContext } from "./command-context.js"
import { verifyHttpCommand } from "./verify-http.js"

export function verifyCommand(context: CommandContext): Command {
  return new Command("verify")
    .description("Try to break the isolation of a running system.")
    .addCommand(verifyHttpCommand(context))
}
