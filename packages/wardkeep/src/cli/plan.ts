import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { WardkeepError } from "@wardkeep/core"
import type { Plan } from "@wardkeep/postgres/migrate"
import { Command } from "commander"
import { plan } from "../commands/plan.js"
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
import type { Output } from "./output.js"

interface PlanFlags extends CommonOptions {
  readonly emit?: boolean
  /** False with --no-transaction. */
  readonly transaction: boolean
  readonly out?: string
  readonly accept?: string[]
}

export function planCommand(context: CommandContext): Command {
  const command = new Command("plan")
    .description("Compare the database with the policy file and show what would be done. Changes nothing.")
    .option("--emit", "print the plan as SQL for a migration tool of your own")
    .option("--no-transaction", "with --emit: no begin and commit, for a tool that wraps each file itself")
    .option("--out <file>", "write the plan there for `wardkeep apply --plan`, or its SQL with --emit")
    .option("--accept <fact...>", "what `plan` names as drift-not-corrected is right as it is; give `apply` the same")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep plan",
    "wardkeep plan --out plan.json && wardkeep apply --plan plan.json",
    "wardkeep plan --emit > migrations/20_wardkeep.sql",
    "wardkeep plan --emit --no-transaction > migrations/20_wardkeep.sql",
  ])
  return command.action(async (flags: PlanFlags) => {
    const { output, surroundings } = context
    const { policy } = await policyOf(flags, context)
    if (!flags.transaction && !flags.emit)
      throw new WardkeepError("WK009", { message: "--no-transaction is about the SQL that --emit prints" })
    const { transaction, accept = [] } = flags
    const result = await plan({ policy, connection: connectionOf(flags, context), transaction, accept })
    const text = flags.emit ? result.sql : `${JSON.stringify(result.plan, null, 2)}\n`
    if (flags.out !== undefined) await write(resolve(surroundings.folder, flags.out), text, flags.out)
    if (result.plan.findings.some((finding) => finding.severity === "leak")) context.exitWith(1)
    if (flags.json) return printJson(output, result.plan)
    if (flags.emit && flags.out === undefined) return output.out(result.sql.trimEnd())
    printPlan(result.plan, output)
    if (flags.out !== undefined) output.out(`Written to ${flags.out}.`)
    else if (result.plan.steps.length > 0) output.out("Next: `wardkeep apply`. The SQL is shown with --emit.")
  })
}

async function write(path: string, text: string, shown: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw new WardkeepError("WK009", { message: `${shown} cannot be written`, hint: "Check the folder.", cause })
  })
}

export function printPlan(plan: Plan, output: Output): void {
  if (plan.steps.length === 0) output.out("Nothing to do: the database is what the policy file says.")
  else output.out(output.paint("bold", `${countOf(plan.steps.length, "step")}, plan ${plan.hash}`))
  for (const step of plan.steps) output.out(`  ${step.phase.padEnd(9)} ${step.object}: ${step.why}`)
  if (plan.findings.length > 0) output.out(output.paint("bold", countOf(plan.findings.length, "finding")))
  printFindings(plan.findings, output)
}
