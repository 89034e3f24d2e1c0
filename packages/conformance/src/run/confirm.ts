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
 * Whoever reads the rows of a table or a view needs no oracle to learn that they exist, and no other statement to read them. What a
 * function that reaches another tenant's rows answers (WKC041) moves with them, so it is not asked what it remembers (WKC112) until
 * that is mended.
 */
export function withoutImplied(findings: readonly ReportFinding[]): ReportFinding[] {
  const leaksOf = (codes: RegExp): Set<string> =>
    new Set(
      findings
        .filter(({ check, verdict, severity }) => codes.test(check) && verdict === "LEAK" && severity === "leak")
        .map(({ object }) => object),
    )
  const [readable, reaching] = [leaksOf(/^WKC0[24]0$/), leaksOf(/^WKC041$/)]
  const isImplied = ({ check, severity, object }: ReportFinding): boolean =>
    (readable.has(object) && (severity === "oracle" || check === "WKC021")) ||
    (reaching.has(object) && severity === "oracle" && /^WKC(041|112)$/.test(check))
  return findings.filter((finding) => !isImplied(finding))
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
