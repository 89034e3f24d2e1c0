import { readFile } from "node:fs/promises"
import { resolve } from "node:path"
import {
  applyBaseline,
  parseBaseline,
  parseReport,
  parseSignedReport,
  type Report,
  type SignedReport,
  verifyReport,
} from "@wardkeep/conformance"
import { WardkeepError } from "@wardkeep/core"

export interface ReportRequest {
  /** The JSON report, signed or not. */
  readonly file: string
  readonly folder: string
  /** PEM of the public key that must have signed it. */
  readonly publicKey?: string | undefined
  readonly baseline?: string | undefined
  readonly now: Date
}

export interface ReportAnswer {
  readonly report: Report
  /** `valid` only after the signature was checked with a key that the caller gave. */
  readonly signature: "valid" | "not-checked" | "none"
  readonly keyId?: string
}

/**
 * Reads a report that a run has written, checks who signed it and applies a baseline to it. No database is touched.
 *
 * @throws WK009 a file that cannot be read · WK770 the baseline · WK771 the signature · WK772 the key · WK773 the report
 * @example const { report } = await readReport({ file: "report.json", folder: process.cwd(), now: new Date() })
 */
export async function readReport(request: ReportRequest): Promise<ReportAnswer> {
  const { folder, publicKey, baseline, now } = request
  const text = await textOf(request.file, folder)
  const found = publicKey !== undefined || isSigned(text) ? opened(parseSignedReport(text), publicKey) : bare(text)
  const entries = baseline === undefined ? undefined : parseBaseline(await textOf(baseline, folder))
  const report = entries === undefined ? found.report : applyBaseline(found.report, entries, now)
  return { ...found, report }
}

function bare(text: string): ReportAnswer {
  return { report: parseReport(text), signature: "none" }
}

function opened(signed: SignedReport, publicKey: string | undefined): ReportAnswer {
  const { keyId } = signed.signature
  if (publicKey === undefined) return { report: signed.report, signature: "not-checked", keyId }
  return { report: verifyReport(signed, publicKey), signature: "valid", keyId }
}

function isSigned(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && "signature" in value
  } catch {
    return false
  }
}

/** @throws WK009 the file cannot be read */
export async function textOf(name: string, folder: string): Promise<string> {
  try {
    return await readFile(resolve(folder, name), "utf8")
  } catch (cause) {
    throw new WardkeepError("WK009", { message: `the file ${name} cannot be read`, hint: "Correct the name.", cause })
  }
}
