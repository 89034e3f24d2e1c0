import { Command } from "commander"
import { runVerifyHttp } from "../commands/verify-http.js"
import { type CommandContext, examples } from "./command-context.js"
import { type ReportOutputFlags, reportOutput, withReportOutput } from "./report-output.js"
import { version } from "./version.js"

interface Flags extends ReportOutputFlags {
  readonly har: readonly string[]
  readonly openapi?: string
  readonly as: readonly string[]
  readonly scope: string
  readonly baseUrl?: string
  readonly baseline?: string
}

const several = (value: string, before: readonly string[]): string[] => [...before, value]

/** `wardkeep verify http`: two accounts, no database. */
export function verifyHttpCommand(context: CommandContext): Command {
  const command = new Command("http")
    .description("Ask for one account's resources as another, over HTTP. Reads only, unless the scope file says more.")
    .option("--har <file>", "what one account recorded, FILE or NAME=FILE; once per account", several, [])
    .option("--openapi <file>", "OpenAPI 3 document in JSON, instead of recordings or beside them")
    .option(
      "--as <account>",
      "NAME=Header: value, or NAME=@FILE with one header per line; once per account",
      several,
      [],
    )
    .requiredOption("--scope <file>", "what may be asked: hosts, methods, paths, rate, stop time (JSON)")
    .option("--base-url <url>", "where the API of the document is; default its first server")
    .option("--baseline <file>", "JSON list of accepted findings: check, object, severity, reason, expires")
  examples(withReportOutput(command), [
    "wardkeep verify http --scope scope.json --har A.har --har B.har",
    "wardkeep verify http --scope scope.json --openapi openapi.json --as A=@a.headers --as B=@b.headers --json",
  ])
  return command.action(async () => {
    // `verify` has options of the same names, and Commander gives them to it wherever they stand.
    const flags = command.optsWithGlobals<Flags>()
    const { output, surroundings } = context
    const { folder, stderr } = surroundings
    const isTerminal = stderr.isTTY === true
    const destination = await reportOutput(flags, context)
    const report = await runVerifyHttp({
      ...flags,
      folder,
      version: version(),
      ...(isTerminal ? { progress: (text: string) => output.err(text) } : {}),
    })
    await destination.finish(report)
  })
}
