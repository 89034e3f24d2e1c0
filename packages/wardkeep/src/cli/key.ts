import { Command } from "commander"
import { addKey, retireKey } from "../commands/keys.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  printJson,
  withDatabase,
  withPolicy,
} from "./command-context.js"
import { countOf } from "./findings.js"

export function keyCommand(context: CommandContext): Command {
  const group = new Command("key").description("Add or retire the keys that sign requests for a session.")
  const add = new Command("add")
    .description(
      "Add a signing key beside the live ones. The secret comes from WARDKEEP_SIGNING_KEY, or is made and printed once.",
    )
    .argument("<id>", "four lower-case letters or digits, such as k001")
  examples(withDatabase(withPolicy(add), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep key add k001",
    "WARDKEEP_SIGNING_KEY=$(openssl rand -base64 32) wardkeep key add k002",
  ])
  add.action(async (keyId: string, flags: CommonOptions) => {
    const { output, surroundings } = context
    const { policy } = await policyOf(flags, context)
    const secret = surroundings.env.WARDKEEP_SIGNING_KEY || undefined
    const result = await addKey({ policy, connection: connectionOf(flags, context), keyId, secret })
    if (flags.json) return printJson(output, result)
    output.out(`${output.paint("green", "added")} key ${result.keyId}`)
    if (result.generatedSecret !== undefined) {
      output.out(`  secret, base64: ${result.generatedSecret}`)
      output.out("  Store it now: it is not shown again.")
    }
  })
  const retire = new Command("retire")
    .description("Refuse new requests under a key. Sessions issued under it live on unless --end-sessions.")
    .argument("<id>", "the key's id")
    .option("--end-sessions", "end every session issued under the key, as after a theft")
  examples(withDatabase(withPolicy(retire), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep key retire k001",
    "wardkeep key retire k001 --end-sessions",
  ])
  retire.action(async (keyId: string, flags: CommonOptions & { endSessions?: boolean }) => {
    const { output } = context
    const { policy } = await policyOf(flags, context)
    const result = await retireKey({
      policy,
      connection: connectionOf(flags, context),
      keyId,
      endSessions: flags.endSessions === true,
    })
    if (flags.json) return printJson(output, result)
    output.out(`${output.paint("green", "retired")} key ${keyId}; ${countOf(result.endedSessions, "session")} ended`)
  })
  group.addCommand(add)
  group.addCommand(retire)
  return group
}
