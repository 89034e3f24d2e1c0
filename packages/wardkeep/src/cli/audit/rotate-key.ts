import { resolve } from "node:path"
import { rotateKey, signerFrom } from "@wardkeep/audit"
import { Command } from "commander"
import { withAuditLog } from "../../commands/audit/owner.js"
import { wholeFile } from "../../commands/audit/whole-file.js"
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
import { textsOf } from "./files.js"

interface RotateFlags extends CommonOptions {
  readonly key: string
  readonly next: string
  readonly last: string
  readonly reason: string
}

export function rotateKeyCommand(context: CommandContext): Command {
  const command = new Command("rotate-key")
    .description(
      "Give the sealing over to another key: the old one signs that it signs no more, then the new one begins.",
    )
    .requiredOption("--key <file>", "the Ed25519 private key that signs until now, in PEM")
    .requiredOption("--next <file>", "the one that signs from now on")
    .requiredOption(
      "--last <file>",
      "a new file for the last checkpoint of the old key: keep it elsewhere, as an anchor",
    )
    .requiredOption("--reason <text>", "why; recorded")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit rotate-key --key seal.pem --next seal-2027.pem --last last-of-2026.txt --reason "yearly"',
  ])
  return command.action(async (flags: RotateFlags) => {
    const { output, surroundings } = context
    const [from = "", to = ""] = await textsOf([flags.key, flags.next], context)
    const { policy } = await policyOf(flags, context)
    const keys = { from: signerFrom(from), to: signerFrom(to) }
    const { deployment } = policy
    const turned = await wholeFile(resolve(surroundings.folder, flags.last), flags.last, async (write) => {
      const done = await withAuditLog(connectionOf(flags, context), policy, (client) =>
        rotateKey({ client, deployment, reason: flags.reason, ...keys }),
      )
      await write(done.last)
      return done
    })
    if (flags.json) return printJson(output, turned)
    output.out(`${output.paint("green", "rotated")}: ${flags.next} signs from now on, ${flags.key} is refused`)
    output.out(`  Give both public keys to whoever verifies, and keep ${flags.last} elsewhere.`)
    output.out(`  First checkpoint of the new key:\n\n${turned.first.trimEnd()}`)
  })
}
