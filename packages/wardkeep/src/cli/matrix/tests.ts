import { WardkeepError } from "@wardkeep/core"
import { Command, Option } from "commander"
import { nameOf } from "../../commands/matrix/cells/attempts.js"
import { matrixJunit } from "../../commands/matrix/cells/junit.js"
import { type MatrixTests, matrixSql, matrixTests } from "../../commands/matrix/cells/matrix-tests.js"
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

interface TestsFlags extends CommonOptions {
  readonly appUrl?: string
  readonly branch?: string
  readonly sibling?: string
  readonly other?: string
  readonly rows?: string
  readonly junit?: string
  readonly emit?: "sql"
  readonly out?: string
  readonly all?: boolean
}

export function testsCommand(context: CommandContext): Command {
  const command = new Command("tests")
    .description(
      "Try every cell in the own branch, a sibling branch and another clinic, on rows that are there, with the application's login. Rolls back whatever it writes. Exit code 1 when a cell failed, 4 when one could not be tried.",
    )
    .option("--app-url <url>", "the application's own login, used for every attempt; default WARDKEEP_APP_URL")
    .option("--branch <id>", "the branch to stand in; default one with rows in many tables")
    .option("--sibling <id>", "another branch of the same tenant")
    .option("--other <id>", "a branch of another tenant")
    .option("--rows <n>", "rows of a table to look at in each place; default 200")
    .option("--junit <file>", "write JUnit XML")
    .addOption(new Option("--emit <format>", "try nothing; print the attempts as a psql script").choices(["sql"]))
    .option("--out <file>", "with --emit: write the script there; it holds keys of rows")
    .option("--all", "print every attempt, not only those that did not pass")
  examples(withDatabase(withPolicy(command), "WARDKEEP_MIGRATOR_URL"), [
    "wardkeep matrix tests --junit matrix.xml",
    "wardkeep matrix tests --branch $NORTH --sibling $SOUTH --all",
    "wardkeep matrix tests --emit sql --out matrix.sql",
  ])
  return command.action(async (flags: TestsFlags) => {
    const { output, surroundings } = context
    const { policy } = await policyOf(flags, context)
    const { appUrl, branch, sibling, other } = flags
    const rows = rowsOf(flags.rows)
    const connection = connectionOf(flags, context)
    if (flags.emit === "sql") {
      const text = await matrixSql({ policy, connection, branch, sibling, other, rows })
      return flags.out === undefined ? output.out(text.trimEnd()) : await writeTo(surroundings.folder, flags.out, text)
    }
    const tried = await matrixTests({ policy, connection, appUrl, branch, sibling, other, rows })
    if (flags.junit !== undefined) await writeTo(surroundings.folder, flags.junit, matrixJunit(tried))
    context.exitWith(({ PASSED: 0, FAILED: 1, INCONCLUSIVE: 4 } as const)[tried.verdict])
    if (flags.json) return printJson(output, tried)
    print(tried, output, flags.all === true)
  })
}

function rowsOf(text = "200"): number {
  const rows = Number(text)
  if (Number.isInteger(rows) && rows > 0 && rows <= 10_000) return rows
  throw new WardkeepError("WK009", { message: "--rows takes a whole number from 1 to 10000" })
}

const styles = { PASSED: "green", FAILED: "red", INCONCLUSIVE: "yellow" } as const

function print({ verdict, counts, cases, places }: MatrixTests, output: Output, all: boolean): void {
  const { sibling, other } = places
  output.out(`own branch ${places.branch}, sibling ${sibling ?? "none"}, other clinic ${other?.branch ?? "none"}`)
  for (const one of cases.filter((each) => all || each.verdict !== "PASSED"))
    output.out(`  ${output.paint(styles[one.verdict], one.verdict.padEnd(12))} ${nameOf(one)} (${one.detail})`)
  output.out(
    `${output.paint(styles[verdict], verdict)}: ${counts.passed} passed, ${counts.failed} failed, ${counts.inconclusive} could not be tried`,
  )
}
