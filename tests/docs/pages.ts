import { codes } from "@wardkeep/core"
import type { buildProgram } from "../../packages/wardkeep/src/cli/program.ts"

type Command = ReturnType<typeof buildProgram>

const made = (from: string) => `<!-- Made from ${from}. Change it there, then run: npm run docs -->`

const groups: Readonly<Record<string, string>> = {
  0: "Configuration and environment",
  1: "Context",
  2: "Permission and issuing",
  3: "Migrate, plan, apply, maintain",
  4: "Audit",
  5: "Consent and rights",
  6: "Breach and retention",
  7: "Conformance",
  9: "Defects",
}

/** docs/reference/errors.md: the anchor of a code is the code in lower case. */
export function errorsPage(): string {
  const parts = [
    made("packages/core/src/errors/codes.ts"),
    "# Error codes\n",
    "The five characters are the SQLSTATE raised in SQL, `error.code` in TypeScript and the anchor on this page. Messages",
    "never hold row values. Codes are retired, never used again. `npx wardkeep errors WK101` prints the same text.",
  ]
  let group = ""
  for (const [code, { title, hint, http }] of Object.entries(codes)) {
    const digit = code.charAt(2)
    if (digit !== group) parts.push(`\n## ${groups[digit] ?? "Other"}`)
    group = digit
    parts.push(`\n### ${code}\n\n${title}.\n\nNext: ${hint}\n\nHTTP status of an adapter: ${http}.`)
  }
  return `${parts.join("\n")}\n`
}

/** docs/reference/cli.md: what `--help` prints, of every command. */
export function cliPage(program: Command): string {
  const sections = [program, ...program.commands.flatMap((command) => [command, ...command.commands])]
    .filter((command) => command.name() !== "help")
    .map((command) => `## ${path(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``)
  return `${made("the help texts in packages/wardkeep/src/cli")}
# Command line

Every command answers one exit code: 0 fine, 1 findings or leaks, 2 wrong usage or configuration, 3 cannot connect,
4 refused as unsafe or inconclusive. Nothing is asked without a terminal. With \`--json\` an error is a document too.

${sections.join("\n\n")}
`
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`
}

function helpOf(command: Command): string {
  let text = ""
  command.configureOutput({
    writeOut: (part: string) => {
      text += part
    },
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text.trimEnd()
}
