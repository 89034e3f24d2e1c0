import { Command, CommanderError } from "commander"
import { applyCommand } from "./apply.js"
import { auditCommand } from "./audit/index.js"
import type { CommandContext } from "./command-context.js"
import { consentCommand } from "./consent/index.js"
import { rightsCommand } from "./consent/rights.js"
import { doctorCommand } from "./doctor.js"
import { errorsCommand } from "./errors.js"
import type { ExitCode } from "./exit-code.js"
import { printFailure } from "./failure.js"
import { initCommand } from "./init.js"
import { keyCommand } from "./key.js"
import { lawCommand } from "./law.js"
import { matrixCommand } from "./matrix/index.js"
import { migrateCommand } from "./migrate.js"
import { type Output, outputOf, type Surroundings } from "./output.js"
import { planCommand } from "./plan.js"
import { psqlCommand } from "./psql.js"
import { verifyCommand } from "./verify.js"
import { version } from "./version.js"
import { whyCommand } from "./why.js"

const exitCodes = `
Exit codes:
  0 fine · 1 findings or leaks · 2 wrong usage or configuration · 3 cannot connect · 4 refused as unsafe or inconclusive`

/** The command line without running it; the reference page is made from it. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command("wardkeep")
    .description("Branch isolation enforced by PostgreSQL.")
    .version(version(), "-V, --version", "print the version")
    .helpCommand("help [command]", "explain a command")
    .addHelpText("after", exitCodes)
  const commands = [
    initCommand,
    migrateCommand,
    planCommand,
    applyCommand,
    doctorCommand,
    verifyCommand,
    matrixCommand,
    whyCommand,
    psqlCommand,
    auditCommand,
    consentCommand,
    rightsCommand,
    lawCommand,
    keyCommand,
    errorsCommand,
  ]
  for (const make of commands) program.addCommand(make(context))
  quiet(program, context.output)
  return program
}

/** Commander throws instead of exiting, and prints help only: errors have one printer. */
function quiet(command: Command, output: Output): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => output.out(text.trimEnd()),
    writeErr: (text) => output.err(text.trimEnd()),
    outputError: () => undefined,
    getOutHelpWidth: () => 110,
    getErrHelpWidth: () => 110,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  })
  for (const child of command.commands) quiet(child, output)
}

/**
 * Runs one command line and answers its exit code; nothing here ends the process.
 *
 * @example process.exitCode = await runCommandLine(process.argv.slice(2), surroundings)
 */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const output = outputOf(surroundings)
  let exitCode: ExitCode = 0
  const program = buildProgram({
    surroundings,
    output,
    exitWith: (code) => {
      exitCode = code
    },
  })
  if (args.length === 0) {
    output.err(program.helpInformation().trimEnd())
    return 2
  }
  try {
    await program.parseAsync([...args], { from: "user" })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    if (error instanceof CommanderError && error.code === "commander.help") return 2
    return printFailure(error, output, args.includes("--json"))
  }
}
