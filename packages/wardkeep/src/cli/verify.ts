import { type Mode, type Progress, type ProgressPrinter, terminalProgress } from "@wardkeep/conformance"
import { Command, Option } from "commander"
import { draft, verify } from "../commands/verify.js"
import { type CommandContext, examples } from "./command-context.js"
import { type ReportOutputFlags, reportOutput, withReportOutput, writeTo } from "./report-output.js"
import { verifyHttpCommand } from "./verify-http.js"
import { verifyReportCommand } from "./verify-report.js"

interface VerifyFlags extends ReportOutputFlags {
  readonly databaseUrl?: string
  readonly appUrl?: string
  readonly target?: string
  readonly mode: Mode
  readonly baseline?: string
  readonly init?: boolean
  readonly only?: string[]
  readonly skip?: string[]
}

export function verifyCommand(context: CommandContext): Command {
  const command = new Command("verify")
    .description("Try to break the isolation of any PostgreSQL database. Rolls back whatever it writes.")
    .option("--database-url <url>", "an administrator or a reader whom no policy stops; default WARDKEEP_ADMIN_URL")
    .option("--app-url <url>", "the application's own login, used for every attack; default WARDKEEP_APP_URL")
    .option("--target <file>", "who the tenants are and how each connects (JSON)")
    .addOption(
      new Option("--mode <mode>", "how far to go; drill works on a clone, which it makes and drops")
        .choices(["catalog", "probe", "drill"])
        .default("probe"),
    )
    .option("--baseline <file>", "JSON list of accepted findings: check, object, severity, reason, expires")
    .option("--init", "write a first target by looking at the database, and try nothing")
    .option("--only <check...>", "run these checks only")
    .option("--skip <check...>", "leave these checks out")
  examples(withReportOutput(command), [
    "wardkeep verify --database-url $ADMIN --app-url $APP --target target.json",
    "wardkeep verify --database-url $ADMIN --init --out target.json",
    "wardkeep verify --database-url $ADMIN --app-url $APP --target target.json --mode catalog --json > report.json",
    "wardkeep verify --database-url $ADMIN --app-url $APP --target target.json --format html --out report.html",
    "wardkeep verify --database-url $ADMIN --app-url $APP --target target.json --mode drill",
  ])
  command.addCommand(verifyReportCommand(context)).addCommand(verifyHttpCommand(context))
  return command.action(async (flags: VerifyFlags) => await act(flags, context))
}

async function act(flags: VerifyFlags, context: CommandContext): Promise<void> {
  const { env, folder, stderr } = context.surroundings
  const databaseUrl = flags.databaseUrl ?? env.WARDKEEP_ADMIN_URL ?? ""
  if (flags.init === true) {
    const target = JSON.stringify(await draft({ databaseUrl }), null, 2)
    return flags.out === undefined ? context.output.out(target) : await writeTo(folder, flags.out, `${target}\n`)
  }
  const line = terminalProgress(stderr)
  const destination = await reportOutput(flags, context)
  const report = await verify({
    databaseUrl,
    appUrl: flags.appUrl ?? env.WARDKEEP_APP_URL,
    targetFile: flags.target,
    baselineFile: flags.baseline,
    folder,
    mode: flags.mode,
    only: flags.only,
    skip: flags.skip,
    onProgress: progressOn(line),
  }).finally(() => line.done())
  await destination.finish(report)
}

/** At most ten times a second. */
function progressOn(line: ProgressPrinter): (progress: Progress) => void {
  let last = 0
  let steps = 0
  return ({ check, title, object, done, of }) => {
    if (Date.now() - last < 100) return
    last = Date.now()
    if (steps !== of) line.start("verify", of)
    steps = of
    line.step(`${check} ${title} ${object}`, done + 1)
  }
}
