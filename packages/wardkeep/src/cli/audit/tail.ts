import { tail } from "@wardkeep/audit"
import { Command } from "commander"
import { withAuditLog } from "../../commands/audit/owner.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  policyOf,
  withDatabase,
  withPolicy,
} from "../command-context.js"
import { eventLine } from "./print.js"

interface TailFlags extends CommonOptions {
  readonly tenant: string
  readonly reason: string
}

export function tailCommand(context: CommandContext): Command {
  const command = new Command("tail")
    .description("A clinic's events as they are committed, until it is told to end. That it was begun is recorded.")
    .requiredOption("--tenant <id>", "whose log")
    .requiredOption("--reason <text>", "why; recorded")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    'wardkeep audit tail --tenant $CLINIC --reason "incident 7"',
    'wardkeep audit tail --tenant $CLINIC --reason "incident 7" --json | jq .verb',
  ])
  return command.action(async (flags: TailFlags) => {
    const { output } = context
    const { tenant, reason } = flags
    const { policy } = await policyOf(flags, context)
    const stop = new AbortController()
    const end = (): void => stop.abort()
    process.once("SIGINT", end).once("SIGTERM", end)
    try {
      await withAuditLog(connectionOf(flags, context), policy, async (client) => {
        for await (const event of tail({ client, tenant, reason, signal: stop.signal }))
          output.out(flags.json ? JSON.stringify(event) : eventLine(event))
      })
    } finally {
      process.off("SIGINT", end).off("SIGTERM", end)
    }
  })
}
