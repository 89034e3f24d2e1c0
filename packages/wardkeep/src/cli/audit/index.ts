import { Command } from "commander"
import type { CommandContext } from "../command-context.js"
import { bundleCommand } from "./bundle.js"
import { eraseCommand } from "./erase.js"
import { timelineCommand, touchedCommand, whoChangedCommand, whoSawCommand } from "./read.js"
import { sealCommand } from "./seal.js"
import { auditVerifyCommand } from "./verify.js"

export function auditCommand(context: CommandContext): Command {
  const group = new Command("audit").description(
    "Seal, verify, read and hand out the audit log. Reading it is recorded.",
  )
  const commands = [
    sealCommand,
    auditVerifyCommand,
    bundleCommand,
    timelineCommand,
    whoSawCommand,
    whoChangedCommand,
    touchedCommand,
    eraseCommand,
  ]
  for (const make of commands) group.addCommand(make(context))
  return group
}
