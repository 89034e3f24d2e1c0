import { findIncarnation, type Incarnation, rebase, signerFrom } from "@wardkeep/audit"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { withAuditLog } from "../../commands/audit/owner.js"
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
import type { Output } from "../output.js"
import { textsOf } from "./files.js"

interface RebaseFlags extends CommonOptions {
  readonly key: string
  readonly anchor?: string
  readonly reason: string
  readonly yes?: boolean
}

export function rebaseCommand(context: CommandContext): Command {
  const command = new Command("rebase")
    .description(
      "Go on with the log of a database that was restored, cloned or promoted (WK404): under another name, by a signed act that says what was lost.",
    )
    .requiredOption("--key <file>", "the Ed25519 private key in PEM that signed last")
    .option("--anchor <file>", "the newest checkpoint that was kept outside: only that tells what was lost")
    .requiredOption("--reason <text>", "why; recorded for good, so it must name nobody")
    .option("--yes", "really do it; without it, says what it found and changes nothing")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit rebase --key seal.pem --anchor /mnt/elsewhere/checkpoint.txt --reason "disk failure, backup of 3 November"',
    'wardkeep audit rebase --key seal.pem --anchor /mnt/elsewhere/checkpoint.txt --reason "disk failure, backup of 3 November" --yes',
  ])
  return command.action(async (flags: RebaseFlags) => {
    const { output } = context
    const [key = "", anchor] = await textsOf(
      [flags.key, ...(flags.anchor === undefined ? [] : [flags.anchor])],
      context,
    )
    const { policy } = await policyOf(flags, context)
    const signer = signerFrom(key)
    const { deployment } = policy
    await withAuditLog(connectionOf(flags, context), policy, async (client) => {
      const asked = { client, deployment, signer, ...(anchor !== undefined && { anchor }) }
      const found = await findIncarnation(asked)
      if (flags.json !== true) printFound(found, output)
      if (flags.yes !== true)
        throw new WardkeepError("WK009", {
          message: `nobody confirmed that the log goes on from ${found.kept} leaves`,
          hint: "Look for a newer checkpoint and a newer backup, verify, then pass --yes. Nothing was changed.",
        })
      const done = await rebase({ ...asked, reason: flags.reason })
      if (flags.json) return printJson(output, done)
      output.out(`${output.paint("green", "rebased")}: ${countOf(done.events, "event")} sealed, signed as ${done.next}`)
      output.out(
        "  Keep every checkpoint of the old name. Put this one in the place of the file of `audit seal --out`: the old database's sealer ends at it.",
      )
      output.out(`  First checkpoint of the new name:\n\n${done.checkpoint.trimEnd()}`)
    })
  })
}

function printFound({ from, to, log, kept, outside, lost, unsealed }: Incarnation, output: Output): void {
  output.out(`${log}: ${kept} leaves are here, signed last in ${from}`)
  output.out(from === to ? `  this is that database, or a copy of its files` : `  this is ${to}`)
  output.out(`  ${countOf(unsealed, "event")} without a leaf, to be sealed now`)
  if (lost === null) output.out(output.paint("red", "  no anchor was given: nobody can tell whether more was signed"))
  else if (lost === 0) output.out(`  the anchor signs ${outside} leaves: nothing that it knows was lost`)
  else
    output.out(
      `  ${output.paint("red", "ROLLED_BACK")} the anchor signs ${outside} leaves: ${lost} of them are lost, with the events that they hold`,
    )
}
