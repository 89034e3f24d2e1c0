import type { ReportFinding } from "../report/report.js"
import type { CatalogCheck, ProbeCheck } from "./check.js"
import type { CheckRecord } from "./check-record.js"

/**
 * What the catalog suspects must be tried: a confirmed leak takes the replay of the attack that worked, one that was
 * tried in vain becomes hygiene, one that could not be tried is inconclusive.
 */
export function confirm(records: readonly CheckRecord[], checks: readonly (CatalogCheck | ProbeCheck)[]): void {
  for (const record of records) {
    const check = checks.find(({ code }) => code === record.info.code)
    if (check === undefined || !("sql" in check) || check.proof.length === 0) continue
    const attacks = records.filter(({ info }) => check.proof.includes(info.code))
    record.findings.splice(0, Infinity, ...record.findings.map((finding) => judge(finding, attacks)))
  }
}

/**
 * Whoever reads the rows of a table, a view or a copy, or is given them by a function, needs no oracle to learn that they exist, and
 * no other statement to read them. A function that changes them is mended first too, and what it tells may go with that. What is
 * left of an oracle once the leak is mended is found by the next run.
 */
export function withoutImplied(findings: readonly ReportFinding[]): ReportFinding[] {
  const read = findings.filter(
    ({ check, verdict, severity }) => /^WKC0(20|40|41|42)$/.test(check) && verdict === "LEAK" && severity === "leak",
  )
  const readable = new Set(read.map(({ object }) => object))
  const adds = ({ check, severity }: ReportFinding): boolean => severity !== "oracle" && check !== "WKC021"
  return findings.filter((finding) => adds(finding) || !readable.has(finding.object))
}

function judge(finding: ReportFinding, attacks: readonly CheckRecord[]): ReportFinding {
  if (finding.severity === "hygiene") return finding
  const proof = attacks
    .flatMap(({ findings }) => findings)
    .find(({ object, verdict, severity }) => object === finding.object && verdict === "LEAK" && severity !== "hygiene")
  if (proof !== undefined) {
    return { ...finding, replay: proof.replay, evidence: `${finding.evidence}; ${proof.evidence} (${proof.check})` }
  }
  if (attacks.some(({ unanswered }) => unanswered.has(finding.object))) {
    return { ...finding, verdict: "INCONCLUSIVE", evidence: `${finding.evidence}; an attempt was not answered` }
  }
  const tried = attacks.some(({ tried: objects }) => objects.has(finding.object))
  if (tried) return { ...finding, severity: "hygiene", evidence: `${finding.evidence}; tried, and no row was reached` }
  return {
    ...finding,
    verdict: "INCONCLUSIVE",
    evidence: `${finding.evidence}; not tried: no row of another tenant is there, or something else came first`,
  }
}
