import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import type { Mode, Progress, Report } from "@wardkeep/conformance"
import { WardkeepError } from "@wardkeep/core"
import { Command, Option } from "commander"
import { draft, verify } from "../commands/verify.js"
import { type CommandContext, examples } from "./command-context.js"
import type { ExitCode } from "./exit-code.js"
import type { Output } from "./output.js"

interface VerifyFlags {
  readonly databaseUrl?: string
  readonly appUrl?: string
  readonly target?: string
  readonly mode: Mode
  readonly format: "pretty" | "json"
  readonly json?: boolean
  readonly init?: boolean
  readonly out?: string
  readonly only?: string[]
  readonly skip?: string[]
}

export function verifyCommand(context: CommandContext): Command {
  const command = new Command("verify")
    .description("Try to break the isolation of any PostgreSQL database. Rolls back whatever it writes.")
    .option("--database-url <url>", "an administrator or a reader whom no policy stops; default WARDKEEP_ADMIN_URL")
    .option("--app-url <url>", "the application's own login, used for every attack; default WARDKEEP_APP_URL")
    .option("--target <file>", "who the tenants are and how each connects (JSON)")
    .addOption(new Option("--mode <mode>", "how far to go").choices(["catalog", "probe"]).default("probe"))
    .addOption(new Option("--format <format>", "form of the report").choices(["pretty", "json"]).default("pretty"))
    .option("--json", "same as --format json")
    .option("--init", "write a first target by looking at the database, and try nothing")
    .option("--out <file>", "write the report to a file")
    .option("--only <check...>", "run these checks only")
    .option("--skip <check...>", "leave these checks out")
  examples(command, [
    "wardkeep verify --database-url $ADMIN --app-url $APP --target target.json",
    "wardkeep verify --database-url $ADMIN --init --out target.json",
    "wardkeep verify --database-url $ADMIN --mode catalog --json > report.json",
  ])
  return command.action(async (flags: VerifyFlags) => {
    const { surroundings, output } = context
    const { env, folder, stderr } = surroundings
    const databaseUrl = flags.databaseUrl ?? env.WARDKEEP_ADMIN_URL ?? ""
    if (flags.init === true) {
      const target = JSON.stringify(await draft({ databaseUrl }), null, 2)
      return flags.out === undefined ? output.out(target) : await writeReport(resolve(folder, flags.out), target)
    }
    const report = await verify({
      databaseUrl,
      appUrl: flags.appUrl ?? env.WARDKEEP_APP_URL,
      targetFile: flags.target,
      folder,
      mode: flags.mode,
      only: flags.only,
      skip: flags.skip,
      ...(stderr.isTTY && { onProgress: progressOn(stderr) }),
    })
    if (stderr.isTTY) stderr.write("\r\u001b[K")
    context.exitWith(exitCodeOf(report))
    const json = flags.json === true || flags.format === "json"
    if (flags.out !== undefined)
      await writeReport(resolve(folder, flags.out), json ? document(report) : pretty(report).join("\n"))
    else if (json) output.out(document(report))
    else print(report, output)
  })
}

const document = (report: Report): string => JSON.stringify(report, null, 2)

/** Hygiene alone is fine; a leak or an oracle is 1; what could not be tried is 4. */
function exitCodeOf({ verdict }: Report): ExitCode {
  return verdict === "LEAK" ? 1 : verdict === "INCONCLUSIVE" ? 4 : 0
}

async function writeReport(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, `${text}\n`)
  } catch (cause) {
    throw new WardkeepError("WK009", { message: `The report cannot be written to ${path}`, cause })
  }
}

/** One line that replaces itself, at most ten times a second. */
function progressOn(stderr: NodeJS.WriteStream): (progress: Progress) => void {
  let last = 0
  return ({ check, title, object, done, of }) => {
    if (Date.now() - last < 100) return
    last = Date.now()
    stderr.write(`\r\u001b[K${`${done + 1}/${of} ${check} ${title} ${object}`.slice(0, (stderr.columns ?? 80) - 1)}`)
  }
}

function print(report: Report, output: Output): void {
  const style = report.verdict === "LEAK" ? "red" : report.verdict === "NOT_FOUND" ? "green" : "yellow"
  const [first = "", ...rest] = pretty(report)
  output.out(output.paint(style, first))
  for (const line of rest) output.out(line)
}

function pretty({ verdict, probes, seconds, server, mode, findings, notCovered }: Report): string[] {
  const lines = findings.flatMap(({ check, severity, object, message, evidence, fix, replay }) => [
    "",
    `${severity.toUpperCase()} ${object} [${check}]`,
    `  ${message}`,
    `  ${evidence}`,
    ...(severity === "hygiene" ? [] : replay.split("\n").map((line) => `  | ${line}`)),
    `  → ${fix}`,
  ])
  return [
    `${verdict} in ${probes} probes, ${seconds} s, PostgreSQL ${server}, mode ${mode}`,
    ...lines,
    "",
    "Not covered",
    ...notCovered.map((line) => `  - ${line}`),
  ]
}
