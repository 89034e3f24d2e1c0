import { relative } from "node:path"
import { Command } from "commander"
import { type InitResult, init } from "../commands/init.js"
import type { NewFile } from "../commands/new-files.js"
import { frameworks } from "../commands/wiring/frameworks.js"
import { orms } from "../commands/wiring/orms.js"
import type { Stack } from "../commands/wiring/stack.js"
import { ask } from "./ask.js"
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
  readonly yes?: boolean
}

export function initCommand(context: CommandContext): Command {
  const command = new Command("init")
    .description(
      "Write a first policy file by looking at a database, and what wires your framework and ORM to it. Never changes a file that is there.",
    )
    .option(
      "--out <file>",
      "file to write, .ts, .mts, .js, .mjs or .json; default wardkeep.policy.ts, or .js without TypeScript",
    )
    .option("--schema <name>", "schema of your tables; default public")
    .option("--tenant-table <name>", "table of clinics, where it cannot be told")
    .option("--tenant-column <name>", "column that names the clinic, such as clinic_id")
    .option("--branch-table <name>", "table of branches")
    .option("--branch-column <name>", "column that names the branch, such as branch_id")
    .option("--yes", "write without asking")
  examples(withDatabase(command, "WARDKEEP_ADMIN_URL"), [
    "wardkeep init",
    "wardkeep init --yes --tenant-column organisation_id --branch-column site_id",
  ])
  return command.action(async (flags: InitFlags) => {
    const { output, surroundings } = context
    const result = await init({
      ...flags,
      connection: connectionOf(flags, context),
      folder: surroundings.folder,
      confirm: (files) => confirm(files, flags, context),
    })
    if (!result.confirmed) context.exitWith(4)
    if (flags.json) return printJson(output, documentOf(result, surroundings.folder))
    if (!result.confirmed) return output.out("Nothing was written.")
    printResult(result, context)
  })
}

async function confirm(files: readonly NewFile[], flags: InitFlags, context: CommandContext): Promise<boolean> {
  const show = (): void => {
    for (const file of files) showNew(file, context)
  }
  if (flags.yes) {
    if (!flags.json) show()
    return true
  }
  const names = files.map(({ path }) => relative(context.surroundings.folder, path)).join(" and ")
  const otherwise = {
    message: `${names} would be written, and nobody was asked`,
    hint: "Pass --yes: it prints what it writes.",
  }
  return await ask(context, flags.json, { text: `Write ${names}?`, otherwise }, show)
}

/** As a diff of what is not there yet. */
function showNew({ path, text }: NewFile, { output, surroundings }: CommandContext): void {
  output.out(output.paint("bold", `--- /dev/null\n+++ ${relative(surroundings.folder, path)}`))
  for (const line of text.trimEnd().split("\n")) output.out(output.paint("green", `+${line}`))
}

function documentOf({ path, draft, stack, wiring, taken, changeOwner }: InitResult, folder: string): object {
  const beside = wiring && { ...wiring, path: relative(folder, wiring.path) }
  const there = taken && relative(folder, taken)
  return { path: relative(folder, path), ...draft, stack, wiring: beside, taken: there, changeOwner }
}

function printResult(result: InitResult, { output, surroundings }: CommandContext): void {
  const { draft, stack, wiring, changeOwner } = result
  const wrote = (path: string): void =>
    output.out(`${output.paint("green", "wrote")} ${relative(surroundings.folder, path)}`)
  const count = (scope: string): number => draft.tables.filter((table) => table.scope === scope).length
  wrote(result.path)
  output.out(
    `  ${count("branch")} tables of a branch, ${count("tenant")} of a tenant, ${count("unmanaged")} left unmanaged`,
  )
  if (wiring !== undefined && stack !== undefined) {
    wrote(wiring.path)
    for (const line of madeFor(stack)) output.out(`  ${line}`)
    output.out("  Then, in your code:")
    for (const step of wiring.steps) output.out(`  - ${step}`)
  } else output.out(`  No wiring: ${whyNone(result, surroundings.folder)}`)
  output.out("Next: read it, then `wardkeep migrate --generate-passwords`.")
  if (changeOwner.length === 0) return
  output.out("After `wardkeep migrate`, the covered tables must belong to the owner role. As their present owner:")
  for (const statement of changeOwner) output.out(`  ${statement}`)
}

const guide = "docs/guides/orms.md shows each framework and ORM."

function madeFor({ framework, orm, others }: Stack): string[] {
  const titles = (table: typeof frameworks | typeof orms): string =>
    Object.values(table)
      .map(({ title }) => title)
      .join(", ")
  return [
    `for ${framework === undefined ? "no framework" : frameworks[framework].title} and ${orms[orm ?? "pg"].title}`,
    ...(framework === undefined
      ? [`package.json names none of ${titles(frameworks)}: \`inContext\` goes around the work of a request`]
      : []),
    ...(orm === undefined ? [`package.json names none of ${titles(orms)}: \`db\` is a pg.Pool`] : []),
    ...(others.length === 0 ? [] : [`not for ${others.join(", ")}, which stand in package.json too. ${guide}`]),
  ]
}

function whyNone({ path, taken, stack }: InitResult, folder: string): string {
  if (taken !== undefined) return `the name ${relative(folder, taken)} is taken. ${guide}`
  if (stack === undefined) return `there is no package.json here, which says what the application is made of. ${guide}`
  return `it needs a policy file in .ts, .js or .mjs, and ${relative(folder, path)} is another. ${guide}`
}
