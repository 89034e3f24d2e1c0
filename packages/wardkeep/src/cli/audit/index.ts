import { Command } from "commander"
import type { CommandContext } from "../command-context.js"
import { bundleCommand } from "./bundle.js"
import { alertsCommand, reviewAccessCommand, unexplainedCommand } from "./detect.js"
import { dropMonthCommand } from "./drop-month.js"
import { eraseCommand } from "./erase.js"
import { holdCommand, holdsCommand, releaseHoldCommand } from "./holds.js"
import { accessReportCommand, blastRadiusCommand, deniedCommand, diffCommand, exportsCommand } from "./reach.js"
import { timelineCommand, touchedCommand, whoChangedCommand, whoSawCommand } from "./read.js"
import { rebaseCommand } from "./rebase.js"
import { rotateKeyCommand } from "./rotate-key.js"
import { sealCommand } from "./seal.js"
import { tailCommand } from "./tail.js"
import { proofCommand, tilesCommand } from "./tiles.js"
import { verifierCommand } from "./verifier.js"
import { auditVerifyCommand } from "./verify.js"

export function auditCommand(context: CommandContext): Command {
  const group = new Command("audit").description(
    "Seal, verify, read, hand out and, when its time is over, drop the audit log. Reading it is recorded.",
  )
  const commands = [
    sealCommand,
    auditVerifyCommand,
    verifierCommand,
    bundleCommand,
    proofCommand,
    tilesCommand,
    timelineCommand,
    whoSawCommand,
    whoChangedCommand,
    touchedCommand,
    diffCommand,
    exportsCommand,
    deniedCommand,
    blastRadiusCommand,
    accessReportCommand,
    tailCommand,
    unexplainedCommand,
    alertsCommand,
    reviewAccessCommand,
    eraseCommand,
    holdCommand,
    releaseHoldCommand,
    holdsCommand,
    dropMonthCommand,
    rotateKeyCommand,
    rebaseCommand,
  ]
  for (const make of commands) group.addCommand(make(context))
  return group
}
