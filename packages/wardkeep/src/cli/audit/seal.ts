import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import type { Sealed } from "@wardkeep/audit"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { seal } from "../../commands/audit/seal.js"
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
import { textsOf } from "./files.js"

interface SealFlags extends CommonOptions {
  readonly key?: string
  readonly out?: string
  readonly every?: string
}

export function sealCommand(context: CommandContext): Command {
  const command = new Command("seal")
    .description("Seal what was committed since the last time into signed trees. One process seals; no writer waits.")
    .option("--key <file>", "the Ed25519 private key in PEM; default WARDKEEP_AUDIT_KEY (PEM text)")
    .option("--out <file>", "write the newest checkpoint there: an anchor, once it lies on another machine")
    .option("--every <seconds>", "go on until the process is told to end")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "openssl genpkey -algorithm ed25519 -out seal.pem && openssl pkey -in seal.pem -pubout -out seal.pub",
    "wardkeep audit seal --key seal.pem --out /mnt/elsewhere/checkpoint.txt",
    "wardkeep audit seal --key seal.pem --every 1",
  ])
  return command.action(async (flags: SealFlags) => {
    const { surroundings } = context
    const [key = surroundings.env.WARDKEEP_AUDIT_KEY ?? ""] = await textsOf(
      flags.key === undefined ? [] : [flags.key],
      context,
    )
    if (key === "")
      throw new WardkeepError("WK402", {
        message: "there is no key to seal with",
        hint: "Give --key, or set WARDKEEP_AUDIT_KEY. Writes are recorded meanwhile.",
      })
    const { policy } = await policyOf(flags, context)
    const onSealed = (sealed: Sealed): Promise<void> => tell(sealed, flags, context)
    const once = { policy, connection: connectionOf(flags, context), key, onSealed }
    if (flags.every === undefined) return await seal(once)
    const ending = new AbortController()
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort())
    await seal({ ...once, every: { milliseconds: secondsOf(flags.every) * 1000, signal: ending.signal } })
  })
}

async function tell(sealed: Sealed, flags: SealFlags, context: CommandContext): Promise<void> {
  const { output, surroundings } = context
  if (flags.out !== undefined && sealed.checkpoint !== null) {
    await writeFile(resolve(surroundings.folder, flags.out), sealed.checkpoint).catch((cause: unknown) => {
      throw new WardkeepError("WK009", {
        message: `sealed, but ${flags.out} cannot be written`,
        hint: "Check the folder; the checkpoint is in the database too.",
        cause,
      })
    })
  }
  if (flags.json) return printJson(output, sealed)
  output.out(`${output.paint("green", "sealed")} ${countOf(sealed.events, "event")}`)
  if (flags.out === undefined && flags.every === undefined && sealed.checkpoint !== null)
    output.out(`Keep this checkpoint outside of the database:\n\n${sealed.checkpoint.trimEnd()}`)
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (seconds >= 0.1 && seconds <= 3600) return seconds
  throw new WardkeepError("WK009", { message: "--every takes 0.1 to 3600 seconds" })
}
