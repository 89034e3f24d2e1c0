import { resolve } from "node:path"
import { Command } from "commander"
import { proof, tiles } from "../../commands/audit/tiles.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  printJson,
  withDatabase,
  withPolicy,
} from "../command-context.js"
import { countOf } from "../findings.js"
import { checkpointsOf } from "./files.js"

interface TilesFlags extends CommonOptions {
  readonly tenant?: string
  readonly out: string
}

export function tilesCommand(context: CommandContext): Command {
  const command = new Command("tiles")
    .description(
      "Write what is new of a log as static C2SP tlog-tiles: hashes and signed tree heads, no person's data.",
    )
    .option("--tenant <id>", "this tenant's log; without it the deployment's own, with its batches and tree heads")
    .requiredOption("--out <folder>", "the folder of this one log; a web server may serve it as it is")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep audit tiles --out /srv/log",
    "wardkeep audit tiles --tenant $CLINIC --out /srv/clinic-log",
  ])
  return command.action(async (flags: TilesFlags) => {
    const { output, surroundings } = context
    const { tenant = "", out } = flags
    const made = await tiles({
      policy: (await policyOf(flags, context)).policy,
      connection: connectionOf(flags, context),
      tenant,
      path: resolve(surroundings.folder, out),
      shown: out,
    })
    if (flags.json) return printJson(output, made)
    const added = made.added === 0 ? "nothing is new" : `${countOf(made.added, "new file")}`
    output.out(`${output.paint("green", "written")} ${out}: ${made.origin}, ${made.leaves} leaves, ${added}`)
    if (made.withheld > 0) output.out(`  ${countOf(made.withheld, "tile")} without entries: an event is gone`)
  })
}

interface ProofFlags extends CommonOptions {
  readonly event: string
  readonly reason: string
  readonly anchor?: string
  readonly out: string
}

export function proofCommand(context: CommandContext): Command {
  const command = new Command("proof")
    .description("Write the C2SP tlog-proof of one event: what happened, and that it was sealed. It is recorded.")
    .requiredOption("--event <number>", "the event, as `timeline --json` numbers it")
    .requiredOption("--reason <text>", "why; recorded")
    .option("--anchor <file>", "a checkpoint that was kept elsewhere and shall vouch for it; without it the newest one")
    .requiredOption("--out <file>", "the file to write, such as event-4711.tlog-proof")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit proof --event 4711 --reason "complaint 4" --out event-4711.tlog-proof',
  ])
  return command.action(async (flags: ProofFlags) => {
    const { output, surroundings } = context
    const { event, reason, anchor, out } = flags
    const [under] = await checkpointsOf(anchor === undefined ? [] : [anchor], context)
    const made = await proof({
      policy: (await policyOf(flags, context)).policy,
      connection: connectionOf(flags, context),
      event,
      reason,
      path: resolve(surroundings.folder, out),
      shown: out,
      ...(under !== undefined && { under }),
    })
    if (flags.json) return printJson(output, made)
    output.out(`${output.paint("green", "written")} ${out}: leaf ${made.leaf} of ${made.leaves} in ${made.origin}`)
    output.out("  It shows the event, persons included. Send the public key another way.")
  })
}
