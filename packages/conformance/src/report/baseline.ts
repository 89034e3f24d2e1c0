import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import type { BaselineProblem, Report, ReportFinding } from "./report.js"
import { checkId, day, parseDocument } from "./schema.js"

/** A finding that somebody decided to live with. Both the reason and the day are required: nothing is accepted for ever. */
export interface BaselineEntry {
  readonly check: string
  /** As the finding names it, exactly. */
  readonly object: string
  /** How bad it may be: a worse finding of this check at this object counts. `hygiene` where a file does not say. */
  readonly severity?: ReportFinding["severity"]
  readonly reason: string
  /** `YYYY-MM-DD`, the last day on which it counts, in UTC. */
  readonly expires: string
}

const entry: z.ZodType<BaselineEntry> = z.strictObject({
  check: checkId,
  object: z.string().min(1),
  severity: z.enum(["leak", "oracle", "hygiene"]).exactOptional(),
  reason: z.string().trim().min(1, "say why it is accepted"),
  expires: day,
})

const file = z.array(entry).superRefine((entries, context) => {
  const seen = new Set<string>()
  for (const [index, { check, object }] of entries.entries()) {
    if (seen.has(key(check, object))) context.addIssue({ code: "custom", path: [index], message: "listed twice" })
    seen.add(key(check, object))
  }
})

/**
 * Reads a baseline file: a JSON array of entries.
 *
 * @throws WK770 not JSON, an entry without reason or day, a day that does not exist, or an entry listed twice
 * @example const baseline = parseBaseline(await readFile("baseline.json", "utf8"))
 */
export function parseBaseline(text: string): readonly BaselineEntry[] {
  return parseDocument(text, file, "WK770", "the baseline")
}

export interface BaselineOptions {
  /** Every check that exists; with it, an entry for any other is a problem even when no check of its name ran. */
  readonly knownChecks?: readonly string[]
}

/**
 * The report with what is accepted marked as such. The verdict stays: a leak that somebody accepted is a leak. Entries
 * that accept nothing become `baseline.problems`; entries whose check did not run in this report are left alone.
 *
 * @throws WK770 a report to which a baseline was applied already
 * @example applyBaseline(report, parseBaseline(text), new Date())
 */
export function applyBaseline(
  report: Report,
  baseline: readonly BaselineEntry[],
  now: Date,
  { knownChecks }: BaselineOptions = {},
): Report {
  if (report.baseline !== undefined) {
    throw new WardkeepError("WK770", { message: "a baseline was applied to this report already" })
  }
  const today = now.toISOString().slice(0, 10)
  const live = new Map(
    baseline.filter(({ expires }) => expires >= today).map((one) => [key(one.check, one.object), one] as const),
  )
  const findings = report.findings.map((finding) => {
    const match = live.get(key(finding.check, finding.object))
    return match === undefined || isWorse(finding, match)
      ? finding
      : { ...finding, accepted: { reason: match.reason, expires: match.expires } }
  })
  const accepted = findings.filter((finding) => "accepted" in finding).length
  const found = new Set(report.findings.map(({ check, object }) => key(check, object)))
  const answered = new Set(
    report.checks.filter(({ verdict }) => verdict === "LEAK" || verdict === "NOT_FOUND").map(({ check }) => check),
  )
  const problems = baseline.flatMap(({ check, object, expires }): BaselineProblem[] => {
    const problem = (kind: BaselineProblem["problem"]): BaselineProblem[] => [{ check, object, problem: kind, expires }]
    if (knownChecks !== undefined && !knownChecks.includes(check)) return problem("unknown-check")
    if (expires < today) return problem("expired")
    return answered.has(check) && !found.has(key(check, object)) ? problem("unmatched") : []
  })
  return { ...report, findings, baseline: { accepted, problems } }
}

const ranks = ["hygiene", "oracle", "leak"]

function isWorse(finding: ReportFinding, { severity = "hygiene" }: BaselineEntry): boolean {
  return ranks.indexOf(finding.severity) > ranks.indexOf(severity)
}

function key(check: string, object: string): string {
  return `${check}\u0000${object}`
}
