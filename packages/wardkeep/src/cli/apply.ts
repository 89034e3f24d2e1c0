import { resolve } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import type { Plan } from "@wardkeep/postgres/migrate"
import { Command } from "commander"
import { apply, readPlan } from "../commands/apply.js"
import { ask } from "./ask.js"
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
import { countOf, printFindings } from "./findings.js"
import { printPlan } from "./plan.js"

interface ApplyFlags extends CommonOptions {
  readonly plan?: string
  readonly yes?: boolean
  readonly accept?: string[]
  readonly lockTimeout?: string
}

export function applyCommand(context: CommandContext): Command {
  const command = new Command("apply")
    .description("Apply the policy in one transaction: all of it or nothing. A second run applies nothing.")
    .option("--plan <file>", "apply exactly the plan that `wardkeep plan --out` wrote; refused if the database changed")
    .option("--yes", "apply the plan of this moment without asking")
    .option("--accept <fact...>", "what `plan` names as drift-not-corrected is right as it is")
    .option("--lock-timeout <ms>", "how long to wait for tables in use, in milliseconds; default 5000")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep apply --plan plan.json",
    "wardkeep apply --yes --lock-timeout 20000",
  ])
  return command.action(async (flags: ApplyFlags) => {
    const { output, surroundings } = context
    const lockTimeout = millisecondsOf(flags.lockTimeout)
    const { policy } = await policyOf(flags, context)
    const shown = flags.plan === undefined ? undefined : await readPlan(resolve(surroundings.folder, flags.plan))
    const result = await apply({
      policy,
      connection: connectionOf(flags, context),
      plan: shown,
      accept: flags.accept ?? [],
      lockTimeout,
      confirm: (plan) => confirm(plan, flags, context),
    })
    if (result.findings.some((finding) => finding.severity === "leak")) context.exitWith(1)
    if (!result.confirmed) context.exitWith(4)
    if (flags.json) return printJson(output, result)
    if (!result.confirmed) return output.out("Nothing was applied.")
    output.out(
      result.applied === 0
        ? "Nothing to do: the database is what the policy file says."
        : `${output.paint("green", "applied")} ${countOf(result.applied, "step")}`,
    )
    printFindings(result.findings, output)
  })
}

function millisecondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const milliseconds = Number(text)
  // PostgreSQL takes 0 for "wait for ever".
  if (Number.isInteger(milliseconds) && milliseconds >= 1 && milliseconds <= 3_600_000) return milliseconds
  throw new WardkeepError("WK009", { message: "--lock-timeout takes whole milliseconds from 1 to 3600000" })
}

async function confirm(plan: Plan, flags: ApplyFlags, context: CommandContext): Promise<boolean> {
  if (flags.yes) return true
  const otherwise = {
    message: `${countOf(plan.steps.length, "step")} would be applied, and nobody was asked`,
    hint: "Review with `wardkeep plan --out plan.json`, then `wardkeep apply --plan plan.json`; or pass --yes.",
  }
  return await ask(context, flags.json, { text: "Apply these steps?", otherwise }, () =>
    printPlan(plan, context.output),
  )
}
