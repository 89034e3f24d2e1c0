import { writeFile } from "node:fs/promises"
import { resolve } from "node:path"
import {
  assertSigningKey,
  type Report,
  render,
  reportExitCode,
  reportFormat,
  reportFormats,
  signReport,
} from "@wardkeep/conformance"
import { WardkeepError } from "@wardkeep/core"
import type { Command } from "commander"
import { textOf } from "../commands/verify-report.js"
import type { CommandContext } from "./command-context.js"

export interface ReportOutputFlags {
  readonly format?: string
  readonly out?: string
  readonly artifact?: string
  readonly sign?: string | true
  readonly json?: boolean
}

/** The options of every command that ends in a report. */
export function withReportOutput(command: Command): Command {
  return command
    .option("--format <name>", `${reportFormats.join(", ")}; default pretty`)
    .option("--json", "the same as --format json")
    .option("--out <file>", "write the report there instead of to standard output")
    .option("--artifact <file>", "the file of the repository that SARIF shows findings at; default target.json")
    .option(
      "--sign [file]",
      "sign the report (JSON only) with a PEM private key; default WARDKEEP_REPORT_KEY (PEM text)",
    )
}

/** Where a report goes, refused before any work is done if it cannot go there. */
export interface ReportOutput {
  /** Prints or writes it, and exits as the report says. */
  finish(report: Report): Promise<void>
}

/** @throws WK009 no such format, or signing anything but JSON · WK772 no key to sign with */
export async function reportOutput(flags: ReportOutputFlags, context: CommandContext): Promise<ReportOutput> {
  const { output, surroundings } = context
  const signing = flags.sign !== undefined
  const format = reportFormat(flags.json ? "json" : (flags.format ?? (signing ? "json" : "pretty")))
  if (signing && format !== "json") {
    throw new WardkeepError("WK009", { message: `--sign signs JSON, not ${format}`, hint: "Leave out --format." })
  }
  const key = flags.sign === undefined ? undefined : await privateKey(flags.sign, context)
  if (key !== undefined) assertSigningKey(key)
  const colour = flags.out === undefined && output.paint("bold", "x") !== "x"
  return {
    finish: async (report) => {
      const options = { colour, ...(flags.artifact !== undefined && { artifact: flags.artifact }) }
      const text =
        key === undefined ? render(report, format, options) : `${JSON.stringify(signReport(report, key), null, 2)}\n`
      if (flags.out === undefined) output.out(text.trimEnd())
      else await writeTo(surroundings.folder, flags.out, text)
      context.exitWith(reportExitCode(report))
    },
  }
}

async function privateKey(flag: string | true, { surroundings }: CommandContext): Promise<string> {
  if (flag !== true) return await textOf(flag, surroundings.folder)
  const text = surroundings.env.WARDKEEP_REPORT_KEY ?? ""
  if (text !== "") return text
  throw new WardkeepError("WK772", {
    message: "there is no key to sign with",
    hint: "Name a PEM file with --sign, or put the PEM text into WARDKEEP_REPORT_KEY.",
  })
}

/** @throws WK009 the file cannot be written */
export async function writeTo(folder: string, name: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(folder, name), text)
  } catch (cause) {
    throw new WardkeepError("WK009", { message: `the file ${name} cannot be written`, hint: "Correct --out.", cause })
  }
}
