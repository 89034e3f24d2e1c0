import { open, rm } from "node:fs/promises"
import { resolve } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import type { LedgerOptions } from "../../commands/consent/owner.js"
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
import type { Output } from "../output.js"

export interface LedgerFlags extends CommonOptions {
  readonly tenant: string
  readonly reason: string
}

/** A command on the ledger of one clinic: connection, reason, and an answer that is printed or one JSON document. */
export function ledgerCommand<Flags extends object, Answer>(
  context: CommandContext,
  made: {
    readonly name: string
    readonly description: string
    readonly options: (command: Command) => Command
    readonly examples: readonly string[]
    readonly run: (options: LedgerOptions, flags: Flags, ...args: string[]) => Promise<Answer>
    readonly print: (answer: Answer, output: Output, flags: Flags) => void
  },
): Command {
  const command = made
    .options(new Command(made.name).description(made.description))
    .requiredOption("--tenant <id>", "which clinic")
    .requiredOption("--reason <text>", "why; recorded")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), made.examples)
  return command.action(async () => {
    const flags = command.opts<LedgerFlags & Flags>()
    const { policy } = await policyOf(flags, context)
    const { tenant, reason } = flags
    const options = { policy, connection: connectionOf(flags, context), tenant, reason }
    const answer = await made.run(options, flags, ...command.args)
    if (flags.json) printJson(context.output, answer)
    else made.print(answer, context.output, flags)
  })
}

/** @throws WK009 not a moment */
export function momentOf(flag: string, text: string): Date {
  const moment = new Date(text)
  if (/^\d{4}-/.test(text) && !Number.isNaN(moment.getTime())) return moment
  throw new WardkeepError("WK009", {
    message: `${flag} is not a moment`,
    hint: "Write 2026-11-01 or 2026-11-01T09:00Z.",
  })
}

/**
 * The file is made before the work: what cannot be done twice must not fail for want of a place to write.
 *
 * @throws WK009 it is there already, or cannot be written
 */
export async function withNewFile<T>(
  file: string,
  { surroundings }: CommandContext,
  work: () => Promise<{ readonly text: string; readonly answer: T; readonly written?: () => Promise<unknown> }>,
): Promise<T> {
  const opened = await open(resolve(surroundings.folder, file), "wx", 0o600).catch((cause: unknown) => {
    throw new WardkeepError("WK009", { message: `${file} cannot be written`, hint: "Name a new file.", cause })
  })
  try {
    const { text, answer, written } = await work()
    await opened.writeFile(text)
    await opened.sync()
    // What says that the file is there is recorded once it is.
    await written?.()
    return answer
  } catch (error) {
    await rm(resolve(surroundings.folder, file), { force: true })
    throw error
  } finally {
    await opened.close()
  }
}
