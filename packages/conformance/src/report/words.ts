import type { CheckResult, Report, ReportFinding } from "./report.js"

/** The sentences that every format shares, so that no two of them say different things about one run. */

const severities = ["leak", "oracle", "hygiene"] as const
export type FindingSeverity = (typeof severities)[number]

/** Worst first; within one severity by object and check, so that two runs print the same. */
export function inOrder(findings: readonly ReportFinding[]): ReportFinding[] {
  const rank = (finding: ReportFinding): string =>
    `${finding.verdict === "LEAK" ? 0 : 1}${severities.indexOf(finding.severity)}`
  const key = (finding: ReportFinding): string => [rank(finding), finding.object, finding.check].join("\u0000")
  return [...findings].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

export function open(report: Report): ReportFinding[] {
  return inOrder(report.findings.filter(({ accepted }) => accepted === undefined))
}

export function accepted(report: Report): ReportFinding[] {
  return inOrder(report.findings.filter((finding) => finding.accepted !== undefined))
}

/** What the verdict is called. */
export function verdictWord(report: Report): string {
  return report.verdict === "NOT_FOUND" ? "NOT FOUND" : report.verdict
}

/** What the verdict means, in one sentence that does not need the rest of the page. */
export function headline(report: Report): string {
  if (report.verdict === "NOT_FOUND") {
    const untried = report.checks.filter(({ verdict }) => verdict === "INCONCLUSIVE").length
    const but = untried === 0 ? "" : `; ${untried} of ${countOf(report.checks.length, "check")} could not be tried`
    const weak = report.findings.length === 0 ? "" : `; ${tally(report.findings)} to look at`
    return `No leak was found in ${countOf(report.probes, "attempt")}${but}${weak}. This is not a proof that there is none.`
  }
  if (report.verdict === "INCONCLUSIVE") {
    return "Not enough could be tried to say whether the data is isolated. This is not a pass."
  }
  const proven = report.findings.filter(({ verdict }) => verdict === "LEAK")
  if (proven.some(({ severity }) => severity === "leak")) {
    return "Data of one clinic or branch can be reached from another. This was shown, not guessed."
  }
  if (proven.some(({ severity }) => severity === "oracle")) {
    return "One clinic or branch can find out that a record of another exists. No content was reached."
  }
  return "No record was reached, but the isolation is weaker than it should be."
}

export const severityWords: Readonly<Record<FindingSeverity, { readonly title: string; readonly means: string }>> = {
  leak: { title: "Leak", means: "records of another clinic or branch can be read or changed" },
  oracle: { title: "Oracle", means: "somebody can find out that a record of another exists, without seeing it" },
  hygiene: { title: "Weakness", means: "nothing was reached, but a protection is thinner than it should be" },
}

export const checkWords: Readonly<Record<CheckResult["verdict"], string>> = {
  LEAK: "found",
  NOT_FOUND: "nothing found",
  INCONCLUSIVE: "could not be tried",
  NOT_APPLICABLE: "does not apply",
}

/** What became of a check; one that found nothing but a weakness did not find nothing. */
export function outcome({ findings }: Report, { check, verdict }: CheckResult): string {
  const found = findings.some((finding) => finding.check === check)
  return verdict === "NOT_FOUND" && found ? "a weakness" : checkWords[verdict]
}

export const modeWords: Readonly<Record<Report["mode"], string>> = {
  catalog: "catalog: the database's own description was read; nothing was attacked",
  probe: "probe: attacks with the application's own login, each of them undone",
  drill: "drill: destructive attacks on a copy that was made for it and removed",
  http: "http: requests with two accounts; the database was not touched",
}

/** `PostgreSQL 18.4`, or the origin of an HTTP run. */
export function serverName(report: Report): string {
  return report.mode === "http" ? report.server : `PostgreSQL ${report.server}`
}

/** `3 leaks, 1 oracle and 2 weaknesses`, accepted ones left out. */
export function tally(findings: readonly ReportFinding[]): string {
  const proven = findings.filter(({ verdict }) => verdict === "LEAK")
  const of = (severity: FindingSeverity): number => proven.filter((finding) => finding.severity === severity).length
  const parts = [
    ...(of("leak") > 0 ? [countOf(of("leak"), "leak")] : []),
    ...(of("oracle") > 0 ? [countOf(of("oracle"), "oracle")] : []),
    ...(of("hygiene") > 0 ? [countOf(of("hygiene"), "weakness", "weaknesses")] : []),
    ...(findings.length > proven.length ? [`${findings.length - proven.length} not settled`] : []),
  ]
  if (parts.length === 0) return "no findings"
  return parts.length === 1 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`
}

export const problemWords = {
  expired: "has expired; the finding counts again",
  unmatched: "matches no finding of this run; remove it",
  "unknown-check": "names a check that does not exist",
} as const

export function countOf(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(1))} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** The suite's own score on this database, with what it missed. */
export function killRateLines({ killRate }: Report): string[] {
  if (killRate === undefined) return []
  const { mutations, killed, withoutEffect, survivors } = killRate
  const counted = mutations - withoutEffect
  const score =
    counted === 0 ? "nothing to notice" : `${killed} of ${counted} noticed (${Math.floor((100 * killed) / counted)} %)`
  return [
    `${countOf(mutations, "protection")} broken on the clone, one at a time: ${score}; ${withoutEffect} had no effect because another protection held.`,
    ...survivors.map((survivor) => `Not noticed: ${survivor}`),
  ]
}
