import type { Command } from "commander"
import { loadPolicy, type PolicyFile } from "../commands/policy-file.js"
import type { Connection } from "../connection/owner.js"
import type { ExitCode } from "./exit-code.js"
import type { Output, Surroundings } from "./output.js"

/** What every command gets beside its options. */
export interface CommandContext {
  readonly surroundings: Surroundings
  readonly output: Output
  /** The exit code of a command that did not throw. */
  exitWith(code: ExitCode): void
}

export interface CommonOptions {
  readonly policy?: string
  readonly databaseUrl?: string
  readonly json?: boolean
}

/** The options that every command with a database shares. */
export function withDatabase(command: Command, variables: string): Command {
  return command
    .option("--database-url <url>", `a PostgreSQL URL; default ${variables}`)
    .option("--json", "print one JSON document")
}

export function withPolicy(command: Command): Command {
  return command.option("--policy <file>", "policy file (.ts, .mts, .js, .mjs or .json); default wardkeep.policy.ts")
}

export function examples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`)
}

export function connectionOf(options: CommonOptions, { surroundings }: CommandContext): Connection {
  return { databaseUrl: options.databaseUrl, env: surroundings.env }
}

export async function policyOf(options: CommonOptions, { surroundings }: CommandContext): Promise<PolicyFile> {
  return await loadPolicy(options.policy, surroundings.folder)
}

export function printJson(output: Output, document: unknown): void {
  output.out(JSON.stringify(document, null, 2))
}
