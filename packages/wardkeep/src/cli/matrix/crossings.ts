import { Command } from "commander"
import { type Crossings, crossings } from "../../commands/matrix/crossings/crossings.js"
import { crossingsHtml } from "../../commands/matrix/crossings/html.js"
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
import type { Output } from "../output.js"
import { writeTo } from "../report-output.js"

interface CrossingsFlags extends CommonOptions {
  readonly tenant?: string
  readonly html?: string
  readonly title: string
}

export function crossingsCommand(context: CommandContext): Command {
  const command = new Command("crossings")
    .description(
      "List everything that crosses branches or clinics, on one page: declared, held now, and outside of what policies decide. Changes nothing. Exit code 1 when it cannot be said that nothing else crosses.",
    )
    .option("--tenant <id>", "one clinic only")
    .option("--html <file>", "write the page as one HTML file")
    .option("--title <text>", "its heading", "What crosses branches and clinics")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL, then WARDKEEP_ADMIN_URL"), [
    "wardkeep matrix crossings",
    'wardkeep matrix crossings --tenant $CLINIC --html crossings.html --title "Asha Clinic: what crosses"',
  ])
  return command.action(async (flags: CrossingsFlags) => {
    const { output, surroundings } = context
    const { policy } = await policyOf(flags, context)
    const found = await crossings({ policy, connection: connectionOf(flags, context), tenant: flags.tenant })
    if (flags.html !== undefined) await writeTo(surroundings.folder, flags.html, crossingsHtml(found, flags.title))
    if (!found.nothingElse.holds) context.exitWith(1)
    if (flags.json) return printJson(output, found)
    print(found, flags.title, output)
  })
}

function print({ at, tenant, sections, nothingElse, outside }: Crossings, title: string, output: Output): void {
  output.out(output.paint("bold", title))
  output.out(`${tenant === null ? "all clinics" : `clinic ${tenant}`}, ${at}`)
  for (const { title: heading, crossings: lines } of sections) {
    output.out("")
    output.out(output.paint("bold", heading))
    if (lines.length === 0) output.out("  none")
    for (const { what, who, limits } of lines) output.out(`  ${what} · ${who} · ${limits}`)
  }
  output.out("")
  output.out(output.paint(nothingElse.holds ? "green" : "red", nothingElse.text))
  for (const reason of nothingElse.reasons) output.out(`  - ${reason}`)
  output.out("")
  output.out(output.paint("bold", "Outside of what policies decide"))
  for (const line of outside) output.out(`  - ${line}`)
}
