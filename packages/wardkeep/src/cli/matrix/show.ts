import { compileMatrix, diff, matrixHtml, matrixText } from "@wardkeep/permissions"
import { Command } from "commander"
import { type Minimisation, minimise } from "../../commands/matrix/minimise.js"
import { policyAt } from "../../commands/matrix/policy-at.js"
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
import { writeTo } from "../report-output.js"

export function showCommand(context: CommandContext): Command {
  const command = new Command("show")
    .description("Print the matrix: tables by roles, in letters. Touches no database.")
    .option("--html <file>", "write it as one HTML file with a heat map")
    .option("--title <text>", "its heading", "Who may do what")
  examples(withPolicy(command), ["wardkeep matrix show", "wardkeep matrix show --html matrix.html"])
  return command.action(async (flags: CommonOptions & { html?: string; title: string }) => {
    const { output, surroundings } = context
    const matrix = compileMatrix((await policyOf(flags, context)).policy)
    if (flags.html === undefined) return output.out(matrixText(matrix).trimEnd())
    await writeTo(surroundings.folder, flags.html, matrixHtml(matrix, { title: flags.title }))
  })
}

export function diffCommand(context: CommandContext): Command {
  const command = new Command("diff")
    .description("Say in words who gains and who loses what since a commit, a branch or a tag. Touches no database.")
    .argument("<revision>", "what git knows, such as main")
    .option("--json", "print one JSON document")
  examples(withPolicy(command), ["wardkeep matrix diff main", "wardkeep matrix diff HEAD~1 --json"])
  return command.action(async (revision: string, flags: CommonOptions) => {
    const { output } = context
    const { path, policy } = await policyOf(flags, context)
    const changes = diff(await policyAt(revision, path), policy)
    if (flags.json) return printJson(output, changes)
    const styles = { gains: "red", loses: "green", changes: "yellow" } as const
    for (const { role, kind, what } of changes) output.out(`${role} ${output.paint(styles[kind], kind)}: ${what}`)
    if (changes.length === 0) output.out("Nobody gains or loses anything.")
  })
}

export function unusedCommand(context: CommandContext): Command {
  const command = new Command("unused").description(
    "List columns that no role and no service uses, and purposes and conditions that nothing asks: candidates for not being kept.",
  )
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL, then WARDKEEP_ADMIN_URL"), [
    "wardkeep matrix unused",
  ])
  return command.action(async (flags: CommonOptions) => {
    const { output } = context
    const { policy } = await policyOf(flags, context)
    const found = await minimise(policy, connectionOf(flags, context))
    if (flags.json) return printJson(output, found)
    for (const [title, lines] of sections(found)) {
      output.out(output.paint("bold", title))
      for (const line of lines.length === 0 ? ["none"] : lines) output.out(`  ${line}`)
    }
  })
}

function sections({ unread, unused, purposes, conditions }: Minimisation): [string, readonly string[]][] {
  return [
    ["Columns that nobody reads or writes", unused],
    ["Columns that are written and that nobody reads", unread.filter((column) => !unused.includes(column))],
    ["Purposes that nobody has", purposes],
    ["Conditions that no cell asks", conditions],
  ]
}
