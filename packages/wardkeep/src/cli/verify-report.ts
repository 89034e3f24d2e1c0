import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import { type RenderOptions, render, reportExitCode, reportFormat, reportFormats } from "@wardkeep/conformance"
import { WardkeepError } from "@wardkeep/core"
import { Command } from "commander"
import { type ReportAnswer, readReport, textOf } from "../commands/verify-report.js"
import { type CommandContext, examples } from "./command-context.js"

interface ReportFlags {
  readonly key?: string
  readonly format?: string
  readonly out?: string
  readonly baseline?: string
  readonly artifact?: string
  readonly sign?: string | true
  readonly json?: boolean
}

/** `wardkeep verify report`: one run, read again without attacking again. */
export function verifyReportCommand(context: CommandContext): Command {
  const command = new Command("report")
    .description(
      "Check who signed a JSON report, and write it in another format. Touches no database. Exits as the run would have.",
    )
    .argument("<file>", "a JSON report of `wardkeep verify`, signed or not")
    .option("--key <file>", "PEM public key that must have signed it; default WARDKEEP_REPORT_PUBLIC_KEY (PEM text)")
    .option("--format <name>", `${reportFormats.join(", ")}; default pretty`)
    .option("--out <file>", "write there instead of to standard output")
    .option("--baseline <file>", "JSON list of accepted findings: check, object, reason, expires")
    .option("--artifact <file>", "the file of the repository that SARIF shows findings at; default target.json")
    .option(
      "--sign [file]",
      "sign the result (JSON only) with a PEM private key; default WARDKEEP_REPORT_KEY (PEM text)",
    )
    .option("--json", "the same as --format json")
  examples(command, [
    "wardkeep verify report report.json --key auditor.pub",
    "wardkeep verify report report.json --format html --out report.html",
    "wardkeep verify report report.json --sign auditor.pem --out signed.json",
  ])
  // `verify` may declare options of the same names, and then Commander gives them to it.
  return command.action(async (file: string) => await act(file, command.optsWithGlobals<ReportFlags>(), context))
}

async function act(file: string, flags: ReportFlags, context: CommandContext): Promise<void> {
  const { output, surroundings } = context
  const { folder, env } = surroundings
  const format = reportFormat(flags.json || flags.sign !== undefined ? "json" : (flags.format ?? "pretty"))
  const answer = await readReport({
    file,
    folder,
    now: new Date(),
    baseline: flags.baseline,
    publicKey: await keyText(flags.key, env.WARDKEEP_REPORT_PUBLIC_KEY, folder),
    privateKey: flags.sign === undefined ? undefined : await privateKey(flags.sign, context),
  })
  const text = textFor(answer, format, { ...(flags.artifact !== undefined && { artifact: flags.artifact }) }, context)
  if (flags.out === undefined) output.out(text.trimEnd())
  else await writeTo(resolve(folder, flags.out), flags.out, text)
  output.err(signatureLine(answer))
  context.exitWith(reportExitCode(answer.report))
}

function textFor(
  { report, signed }: ReportAnswer,
  format: ReturnType<typeof reportFormat>,
  options: RenderOptions,
  { output }: CommandContext,
): string {
  if (signed !== undefined) return `${JSON.stringify(signed, null, 2)}\n`
  return render(report, format, { ...options, colour: output.paint("bold", "x") !== "x" })
}

function signatureLine({ signature, keyId }: ReportAnswer): string {
  if (signature === "none") return "signature: none"
  if (signature === "valid") return `signature: valid, by key ${keyId}`
  return `signature: NOT CHECKED, names key ${keyId}; give the signer's public key with --key`
}

async function keyText(
  file: string | undefined,
  text: string | undefined,
  folder: string,
): Promise<string | undefined> {
  return file === undefined ? text || undefined : await textOf(file, folder)
}

async function privateKey(flag: string | true, { surroundings }: CommandContext): Promise<string> {
  const key = await keyText(flag === true ? undefined : flag, surroundings.env.WARDKEEP_REPORT_KEY, surroundings.folder)
  if (key === undefined) {
    throw new WardkeepError("WK772", {
      message: "there is no key to sign with",
      hint: "Name a PEM file with --sign, or put the PEM text into WARDKEEP_REPORT_KEY.",
    })
  }
  return key
}

async function writeTo(path: string, name: string, text: string): Promise<void> {
  try {
    await writeFile(path, text)
  } catch (cause) {
    throw new WardkeepError("WK009", { message: `the file ${name} cannot be written`, hint: "Correct --out.", cause })
  }
}
