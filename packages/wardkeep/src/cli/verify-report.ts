import { Command } from "commander"
import { type ReportAnswer, readReport, textOf } from "../commands/verify-report.js"
import { type CommandContext, examples } from "./command-context.js"
import { type ReportOutputFlags, reportOutput, withReportOutput } from "./report-output.js"

interface ReportFlags extends ReportOutputFlags {
  readonly key?: string
  readonly baseline?: string
}

/** `wardkeep verify report`: one run, read again without attacking again. */
export function verifyReportCommand(context: CommandContext): Command {
  const command = new Command("report")
    .description(
      "Check who signed a JSON report, and write it in another format. Touches no database. Exits as the run would have.",
    )
    .argument("<file>", "a JSON report of `wardkeep verify`, signed or not")
    .option("--key <file>", "PEM public key that must have signed it; default WARDKEEP_REPORT_PUBLIC_KEY (PEM text)")
    .option("--baseline <file>", "JSON list of accepted findings: check, object, severity, reason, expires")
  examples(withReportOutput(command), [
    "wardkeep verify report report.json --key auditor.pub",
    "wardkeep verify report report.json --format html --out report.html",
    "wardkeep verify report report.json --sign auditor.pem --out signed.json",
  ])
  // `verify` has options of the same names, and Commander gives them to it wherever they stand.
  return command.action(async (file: string) => await act(file, command.optsWithGlobals<ReportFlags>(), context))
}

async function act(file: string, flags: ReportFlags, context: CommandContext): Promise<void> {
  const { folder, env } = context.surroundings
  const destination = await reportOutput(flags, context)
  const answer = await readReport({
    file,
    folder,
    now: new Date(),
    baseline: flags.baseline,
    publicKey: flags.key === undefined ? env.WARDKEEP_REPORT_PUBLIC_KEY || undefined : await textOf(flags.key, folder),
  })
  await destination.finish(answer.report)
  context.output.err(signatureLine(answer))
}

function signatureLine({ signature, keyId }: ReportAnswer): string {
  if (signature === "none") return "signature: none"
  if (signature === "valid") return `signature: valid, by key ${keyId}`
  return `signature: NOT CHECKED, names key ${keyId}; give the signer's public key with --key`
}
