import { readFile, stat } from "node:fs/promises"
import { resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Sealed } from "@wardkeep/audit"
import { readCheckpoint } from "@wardkeep/audit/verify"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { isStore } from "../../commands/audit/anchors.js"
import { replaceFile } from "../../commands/audit/replace-file.js"
import { type SealOptions, seal } from "../../commands/audit/seal.js"
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
  readonly anchor?: string[]
  readonly witness?: string[]
  readonly retain: string
  readonly anchorEvery: string
}

export function sealCommand(context: CommandContext): Command {
  const command = new Command("seal")
    .description("Seal what was committed since the last time into signed trees. One process seals; no writer waits.")
    .option("--key <file>", "the Ed25519 private key in PEM; default WARDKEEP_AUDIT_KEY (PEM text)")
    .option("--out <file>", "write the newest checkpoint there: an anchor, once it lies on another machine")
    .option("--every <seconds>", "go on until the process is told to end")
    .option("--anchor <address...>", "s3://bucket/prefix of a bucket with object lock; credentials as AWS_… variables")
    .option("--retain <days>", "how long nobody can delete a checkpoint there", "400")
    .option("--witness <file...>", "C2SP witnesses, one line each: key and address")
    .option("--anchor-every <seconds>", "least time between two checkpoints of one anchor", "60")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "openssl genpkey -algorithm ed25519 -out seal.pem && openssl pkey -in seal.pem -pubout -out seal.pub",
    "wardkeep audit seal --key seal.pem --out /mnt/elsewhere/checkpoint.txt",
    "wardkeep audit seal --key seal.pem --every 1 --anchor s3://clinic-anchors/main --witness witness.txt --out checkpoint.txt",
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
    const anchors = await anchorsOf(flags, context)
    const { out } = flags
    const kept = async () => (out === undefined ? undefined : await keptIn(resolve(surroundings.folder, out), out))
    const connection = connectionOf(flags, context)
    const once = { policy, connection, key, onSealed, anchors, kept }
    if (flags.every === undefined) return await seal(once)
    const ending = new AbortController()
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort())
    await seal({ ...once, every: { milliseconds: secondsOf(flags.every, "--every") * 1000, signal: ending.signal } })
  })
}

async function anchorsOf(flags: SealFlags, context: CommandContext): Promise<NonNullable<SealOptions["anchors"]>> {
  const { output } = context
  const stores = flags.anchor ?? []
  let witnessed = ""
  const file = stores.find((anchor) => !isStore(anchor))
  if (file !== undefined)
    throw new WardkeepError("WK453", { message: `${file} is not s3://bucket/prefix; a file is written with --out` })
  return {
    stores,
    witnesses: await textsOf(flags.witness, context),
    retainDays: Number(flags.retain),
    every: secondsOf(flags.anchorEvery, "--anchor-every") * 1000,
    async onKept({ name }, checkpoint) {
      if (flags.witness !== undefined && !isStore(name)) {
        witnessed = cosignedBy(witnessed, checkpoint)
        await write(witnessed, flags, context)
      }
      if (!flags.json) output.out(`${output.paint("green", "kept")} ${checkpoint.split("\n")[1]} leaves by ${name}`)
    },
    onFailed({ name }, error) {
      output.err(error instanceof WardkeepError ? error.describe() : `${name}: ${String(error)}`)
      if (flags.every === undefined) context.exitWith(1)
    },
  }
}

/** One checkpoint with the lines of every witness that has cosigned it; never an older one because a witness was late. */
export function cosignedBy(before: string, now: string): string {
  const sizeOf = (checkpoint: string): number => Number(checkpoint.split("\n")[1] ?? 0)
  if (sizeOf(now) < sizeOf(before)) return before
  const lines = now.split("\n").filter((line) => line.startsWith("— ") && !before.includes(line))
  const same = before.split("\n\n")[0] === now.split("\n\n")[0]
  return same ? `${before}${lines.join("\n")}\n` : now
}

/** Times that a file without a checkpoint is looked at again, 20 ms apart: whoever copies one there empties the file first. */
const looks = 5

/**
 * The checkpoint that would be written over, if there is one. What cannot be told is no leave to seal.
 *
 * @param shown the file as the caller named it
 * @throws WK009 it cannot be read, or holds something else
 */
export async function keptIn(path: string, shown: string): Promise<string | undefined> {
  const unreadable = (cause: unknown): never => {
    throw new WardkeepError("WK009", { message: `${shown} cannot be read`, hint: "Nothing was sealed.", cause })
  }
  for (let look = 0; ; look++) {
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      (cause: NodeJS.ErrnoException) => (cause.code === "ENOENT" ? false : unreadable(cause)),
    )
    if (!isFile) return undefined
    const text = await readFile(path, "utf8").catch(unreadable)
    if (readCheckpoint(text, []) !== undefined) return text
    if (look < looks) await sleep(20)
    else if (text === "")
      throw new WardkeepError("WK009", {
        message: `${shown} is empty`,
        hint: "Where this log was never sealed, delete it: it is made. Otherwise put the newest checkpoint that was kept there. Nothing was sealed.",
      })
    else
      throw new WardkeepError("WK009", {
        message: `${shown} holds no checkpoint`,
        hint: "Put the whole checkpoint there, its last line ended, or name another file. Nothing was sealed.",
      })
  }
}

/** The newest checkpoint; where there are witnesses, the newest that one has cosigned. */
async function write(checkpoint: string, { out }: SealFlags, { surroundings }: CommandContext): Promise<void> {
  if (out === undefined) return
  await replaceFile(resolve(surroundings.folder, out), checkpoint).catch((cause: unknown) => {
    throw new WardkeepError("WK009", {
      message: `sealed, but ${out} cannot be written`,
      hint: "Check the folder, in which a file is made that takes its place; the checkpoint is in the database too.",
      cause,
    })
  })
}

async function tell(sealed: Sealed, flags: SealFlags, context: CommandContext): Promise<void> {
  const { output } = context
  if (sealed.checkpoint !== null && flags.witness === undefined) await write(sealed.checkpoint, flags, context)
  if (flags.json) return printJson(output, sealed)
  output.out(`${output.paint("green", "sealed")} ${countOf(sealed.events, "event")}`)
  if (flags.out === undefined && flags.every === undefined && sealed.checkpoint !== null)
    output.out(`Keep this checkpoint outside of the database:\n\n${sealed.checkpoint.trimEnd()}`)
}

function secondsOf(text: string, option: string): number {
  const seconds = Number(text)
  if (seconds >= 0.1 && seconds <= 3600) return seconds
  throw new WardkeepError("WK009", { message: `${option} takes 0.1 to 3600 seconds` })
}
