import { createHash } from "node:crypto"
import { cvssScore } from "./cvss.js"
import type { Report, ReportFinding } from "./report.js"
import { oneLine, visible } from "./visible.js"
import * as words from "./words.js"

const informationUri = "https://www.npmjs.com/package/wardkeep"

/** What the caller knows about the repository. */
export interface SarifOptions {
  /** The file a code scanner shows a finding at, relative to the repository: a database has no lines. */
  readonly artifact?: string
}

/** SARIF 2.1.0, with what GitHub code scanning needs beside it: a place, a fingerprint and `security-severity`. */
export function sarifReport(report: Report, { artifact = "target.json" }: SarifOptions = {}): string {
  const rules = rulesOf(report)
  const index = new Map(rules.map(({ id }, position) => [id, position]))
  const results = words
    .inOrder(report.findings)
    .map((finding) => ({ ruleIndex: index.get(finding.check) ?? -1, ...resultOf(finding, artifact) }))
  const log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "wardkeep", version: report.tool.version, informationUri, rules } },
        automationDetails: { id: `wardkeep-verify/${report.mode}/` },
        invocations: [invocationOf(report)],
        columnKind: "utf16CodeUnits",
        results,
        properties: {
          verdict: report.verdict,
          probes: report.probes,
          server: visible(report.server),
          mode: report.mode,
        },
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function rulesOf(report: Report) {
  const titles = new Map(report.checks.map(({ check, title }) => [check, title]))
  const ids = new Set([...titles.keys(), ...report.findings.map(({ check }) => check)])
  return [...ids].sort().map((id) => {
    const findings = report.findings.filter(({ check }) => check === id)
    const scores = findings.flatMap(({ cvss }) => cvssScore(cvss)?.score ?? [])
    const weaknesses = findings.map(({ cwe }) => `external/cwe/${oneLine(cwe).toLowerCase()}`)
    const title = oneLine(titles.get(id) ?? id)
    return {
      id,
      name: id,
      shortDescription: { text: title },
      fullDescription: { text: title },
      properties: {
        tags: [...new Set(["security", ...weaknesses])],
        ...(scores.length > 0 && { "security-severity": Math.max(...scores).toFixed(1) }),
      },
    }
  })
}

const levels: Readonly<Record<ReportFinding["severity"], "error" | "warning" | "note">> = {
  leak: "error",
  oracle: "warning",
  hygiene: "note",
}

function resultOf(finding: ReportFinding, artifact: string) {
  const { check, verdict, severity, object, message, evidence, replay, fix, cwe, cvss, accepted } = finding
  const settled = verdict === "LEAK"
  const text = `${object}: ${message}\n\nEvidence: ${evidence}\n\nReplay:\n${replay}\n\nFix:\n${fix}`
  return {
    ruleId: check,
    // Any kind but "fail" must have the level "none" (SARIF 2.1.0, 3.27.10).
    kind: settled ? "fail" : "open",
    level: settled ? levels[severity] : "none",
    message: { text: visible(text) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: encodeURI(artifact) }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: oneLine(object), kind: "resource" }],
      },
    ],
    // Check, object and severity: the same hole with other evidence is still the same alert, a worse one is another.
    partialFingerprints: { "wardkeepFinding/v2": fingerprint(check, object, severity) },
    ...(accepted !== undefined && {
      suppressions: [{ kind: "external", status: "accepted", justification: visible(accepted.reason) }],
    }),
    properties: { severity, cwe, cvss, score: cvssScore(cvss)?.score ?? null },
  }
}

function fingerprint(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest("hex").slice(0, 32)
}

function invocationOf(report: Report) {
  const started = Date.parse(report.startedAt)
  const notSettled = report.checks.filter(({ verdict }) => verdict === "INCONCLUSIVE")
  const texts = [
    ...notSettled.map(
      ({ check, title, reason }) => `${check} ${title} could not be tried: ${reason ?? "no reason given"}`,
    ),
    ...words.killRateLines(report),
    ...report.notCovered.map((text) => `not covered: ${text}`),
    ...(report.baseline?.problems ?? []).map(
      ({ check, object, problem }) => `the baseline entry for ${check} ${object} ${words.problemWords[problem]}`,
    ),
  ]
  return {
    executionSuccessful: report.verdict !== "INCONCLUSIVE",
    startTimeUtc: new Date(started).toISOString(),
    endTimeUtc: new Date(started + report.seconds * 1000).toISOString(),
    toolExecutionNotifications: texts.map((text) => ({ level: "warning", message: { text: visible(text) } })),
  }
}
