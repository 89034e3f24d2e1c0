import { relative } from "node:path"
import { Command } from "commander"
import { init } from "../commands/init.js"
import {
  type CommandContext,
  type CommonOptions,
  connectionOf,
  examples,
  printJson,
  withDatabase,
} from "./command-context.js"

interface InitFlags extends CommonOptions {
  readonly out?: string
  readonly schema?: string
  readonly tenantTable?: string
  readonly tenantColumn?: string
  readonly branchTable?: string
  readonly branchColumn?: string
}

export function initCommand(context: CommandContext): Command {
  const command = new Command("init")
    .description("Write a first policy file by looking at a database. Reads the catalog only and never overwrites.")
    .option("--out <file>", "file to write, .ts, .mts or .json; default wardkeep.policy.ts")
    .option("--schema <name>", "schema of your tables; default public")
    .option("--tenant-table <name>", "table of clinics, where it cannot be told")
    .option("--tenant-column <name>", "column that names the clinic, such as clinic_id")
    .option("--branch-table <name>", "table of branches")
    .option("--branch-column <name>", "column that names the branch, such as branch_id")
  examples(withDatabase(command, "WARDKEEP_ADMIN_URL"), [
    "wardkeep init",
    "wardkeep init --tenant-column organisation_id --branch-column site_id",
  ])
  return command.action(async (flags: InitFlags) => {
    const { output, surroundings } = context
    const result = await init({ ...flags, connection: connectionOf(flags, context), folder: surroundings.folder })
    const path = relative(surroundings.folder, result.path)
    if (flags.json) return printJson(output, { path, ...result.draft, changeOwner: result.changeOwner })
    const count = (scope: string): number => result.draft.tables.filter((table) => table.scope === scope).length
    output.out(`${output.paint("green", "wrote")} ${path}`)
    output.out(
      `  ${count("branch")} tables of a branch, ${count("tenant")} of a tenant, ${count("unmanaged")} left unmanaged`,
    )
    output.out("Next: read it, then `wardkeep migrate --generate-passwords`.")
    if (result.changeOwner.length > 0) {
      output.out("After `wardkeep migrate`, the covered tables must belong to the owner role. As their present owner:")
      for (const statement of result.changeOwner) output.out(`  ${statement}`)
    }
  })
}
