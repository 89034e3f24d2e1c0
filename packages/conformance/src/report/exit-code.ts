import type { Report } from "./report.js"

/**
 * What a run ends with: 1 leaks or oracles that nobody accepted, or a baseline that needs attention; 4 nothing found but
 * something that had to be tried could not be; 0 otherwise. Weaknesses alone are said and do not fail a run; a run
 * without a single attempt is never 0.
 *
 * @example process.exitCode = reportExitCode(applyBaseline(report, baseline, new Date()))
 */
export function reportExitCode(report: Report): 0 | 1 | 4 {
  const open = report.findings.filter(({ accepted }) => accepted === undefined)
  if (open.some(({ verdict, severity }) => verdict === "LEAK" && severity !== "hygiene")) return 1
  if ((report.baseline?.problems.length ?? 0) > 0) return 1
  // With every leak accepted the verdict is still LEAK and says nothing about what could not be tried.
  const untried =
    open.some(({ verdict }) => verdict === "INCONCLUSIVE") ||
    report.checks.some(({ verdict }) => verdict === "INCONCLUSIVE")
  if (report.verdict === "INCONCLUSIVE" || report.probes === 0 || (report.verdict === "LEAK" && untried)) return 4
  return 0
}
