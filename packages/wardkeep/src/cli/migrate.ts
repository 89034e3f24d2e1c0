import { Command, Option } from "commander"
import { migrate } from "../commands/migrate.js"
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

interface MigrateFlags extends CommonOptions {
  readonly generatePasswords?: boolean
  readonly strategy?: "portable" | "accelerated"
  readonly audit?: boolean
  readonly consent?: boolean
}

export function migrateCommand(context: CommandContext): Command {
  const command = new Command("migrate")
    .description(
      "Make the roles, the schema wardkeep and its objects. Run as the administrator; a second run changes nothing.",
    )
    .option("--generate-passwords", "make a password for every new login that has none given, and print it once")
    .option("--audit", "add the audit log: every write of the policy's tables is recorded from the next apply on")
    .option("--consent", "add the consent ledger, for a policy file with `consent`")
    .addOption(
      new Option("--strategy <name>", "how the context is verified; accelerated needs a superuser once").choices([
        "portable",
        "accelerated",
      ]),
    )
  examples(withDatabase(withPolicy(command), "WARDKEEP_ADMIN_URL"), [
    "wardkeep migrate --generate-passwords",
    "WARDKEEP_APP_PASSWORD=… WARDKEEP_ISSUER_PASSWORD=… WARDKEEP_MIGRATOR_PASSWORD=… wardkeep migrate",
    "wardkeep migrate --audit --consent",
    "wardkeep migrate --strategy accelerated",
  ])
  return command.action(async (flags: MigrateFlags) => {
    const { output } = context
    const { policy } = await policyOf(flags, context)
    const result = await migrate({ ...flags, connection: connectionOf(flags, context), policy })
    if (flags.json) return printJson(output, result)
    const changed = result.roles.length + result.migrations.length
    output.out(changed === 0 ? "Nothing to do: roles and schema are in place." : output.paint("green", "installed"))
    if (result.roles.length > 0) output.out(`  new roles: ${result.roles.join(", ")}`)
    if (result.migrations.length > 0) output.out(`  migrations: ${result.migrations.join(", ")}`)
    output.out(`  strategy: ${result.strategy}`)
    for (const [login, password] of Object.entries(result.generatedPasswords))
      output.out(`  password of ${login}: ${password}`)
    if (Object.keys(result.generatedPasswords).length > 0)
      output.out("  Store these passwords now: they are not shown again.")
    for (const login of result.withoutPassword) {
      output.out(
        `  ${output.paint("yellow", "no password")}: ${login}; set one with WARDKEEP_${login.slice(login.lastIndexOf("_") + 1).toUpperCase()}_PASSWORD`,
      )
    }
    output.out("Next: `wardkeep plan`, as the migrator's login.")
  })
}
