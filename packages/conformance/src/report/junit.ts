import type { CheckResult, Report, ReportFinding } from "./report.js"
import { oneLine, visible } from "./visible.js"
import * as words from "./words.js"

interface Case {
  readonly name: string
  readonly check: string
  readonly outcome: "passed" | "failure" | "error" | "skipped"
  readonly message: string
  readonly text: string
}

/**
 * JUnit XML in the dialect that Jenkins, GitLab, GitHub reporters and Azure read: one case per finding, and one per check
 * without findings. What had to be tried and could not be is an error, so that a run without a pass is never green; a
 * weakness is skipped, because it does not fail a run.
 */
export function junitReport(report: Report): string {
  const cases = [...words.inOrder(report.findings).map(findingCase), ...quietChecks(report), ...problemCases(report)]
  const count = (outcome: Case["outcome"]): number => cases.filter((one) => one.outcome === outcome).length
  const totals = `tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}" time="${report.seconds.toFixed(3)}"`
  const properties = [
    ["verdict", report.verdict],
    ["server", report.server],
    ["mode", report.mode],
    ["probes", String(report.probes)],
    ["tool", `wardkeep ${report.tool.version}`],
    ...words.killRateLines(report).map((line) => ["killRate", line]),
    ...report.notCovered.map((text) => ["notCovered", text]),
  ]
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="wardkeep verify" ${totals}>`,
    `  <testsuite name="${attribute(`wardkeep verify, ${report.mode}`)}" timestamp="${attribute(report.startedAt.slice(0, 19))}" ${totals}>`,
    "    <properties>",
    ...properties.map(([name, value]) => `      <property name="${name}" value="${attribute(value ?? "")}"/>`),
    "    </properties>",
    ...cases.flatMap(caseLines),
    "  </testsuite>",
    "</testsuites>",
  ].join("\n")}\n`
}

function caseLines({ name, check, outcome, message, text }: Case): string[] {
  const open = `    <testcase classname="wardkeep.${check}" name="${attribute(name)}" time="0"`
  if (outcome === "passed") return [`${open}/>`]
  const type = outcome === "skipped" ? "" : ` type="${check}"`
  return [
    `${open}>`,
    `      <${outcome} message="${attribute(message)}"${type}>${escapeXml(visible(text))}</${outcome}>`,
    "    </testcase>",
  ]
}

function findingCase(finding: ReportFinding): Case {
  const { check, object, message, evidence, replay, fix, cwe, cvss, accepted, verdict, severity } = finding
  const text = `evidence: ${evidence}\nreplay:\n${replay}\nfix:\n${fix}\n${cwe} ${cvss}`
  const name = `${object}: ${message}`
  if (accepted !== undefined) {
    return { name, check, outcome: "skipped", message: `accepted until ${accepted.expires}: ${accepted.reason}`, text }
  }
  if (verdict === "LEAK" && severity === "hygiene") {
    return { name, check, outcome: "skipped", message: `weakness, fails no run: ${message}`, text }
  }
  return { name, check, outcome: verdict === "LEAK" ? "failure" : "error", message: `${severity}: ${message}`, text }
}

function quietChecks(report: Report): Case[] {
  const found = new Set(report.findings.map(({ check }) => check))
  return report.checks
    .filter(({ check }) => !found.has(check))
    .map(({ check, title, verdict, probes, controls, reason = "" }) => ({
      name: title,
      check,
      outcome: quietOutcome(verdict, report.verdict),
      message: reason === "" ? words.checkWords[verdict] : reason,
      text: `${words.countOf(probes, "attempt")}, ${words.countOf(controls, "control")}`,
    }))
}

function quietOutcome(verdict: CheckResult["verdict"], run: Report["verdict"]): Case["outcome"] {
  if (verdict === "NOT_FOUND") return "passed"
  if (verdict === "LEAK") return "failure"
  return verdict === "INCONCLUSIVE" && run === "INCONCLUSIVE" ? "error" : "skipped"
}

function problemCases(report: Report): Case[] {
  return (report.baseline?.problems ?? []).map(({ check, object, problem, expires }) => ({
    name: `baseline entry for ${object}`,
    check,
    outcome: "failure",
    message: `the baseline entry ${words.problemWords[problem]}`,
    text: `expires ${expires}`,
  }))
}

function attribute(text: string): string {
  return escapeXml(oneLine(text))
}

/** After `visible`, no character is left that XML 1.0 forbids. */
function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;")
}
