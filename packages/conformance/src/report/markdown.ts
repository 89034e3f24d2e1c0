import { cvssScore } from "./cvss.js"
import type { Report, ReportFinding } from "./report.js"
import { oneLine, visible } from "./visible.js"
import * as words from "./words.js"

/** A comment on GitHub holds 65536 characters; the rest is kept for what a bot adds around it. */
const limit = 60_000
/** Of that, each section but the findings may take this much. */
const sectionLimit = 8000

const marks: Readonly<Record<Report["verdict"], string>> = { LEAK: "❌", NOT_FOUND: "✅", INCONCLUSIVE: "⚠️" }

/** For a comment on a pull request: verdict, the findings with what to do folded below each, and what was not tried. */
export function markdownReport(report: Report): string {
  const open = words.open(report)
  const head = [
    `## ${marks[report.verdict]} Isolation: ${words.verdictWord(report)}`,
    "",
    words.headline(report),
    "",
    plain(
      `${words.serverName(report)} · mode ${report.mode} · ${words.countOf(report.probes, "attempt")} in ${words.duration(report.seconds)} · wardkeep ${report.tool.version}`,
    ),
  ]
  const tail = [
    ...acceptedLines(report),
    ...problemLines(report),
    ...checkLines(report),
    ...killRate(report),
    ...notCoveredLines(report),
  ]
  const room = limit - [...head, ...tail].join("\n").length
  const findings =
    open.length === 0 ? [] : ["", `### Findings: ${words.tally(open)}`, ...fit(open.map(findingLines), room)]
  return `${[...head, ...findings, ...tail].join("\n")}\n`
}

/** As many entries as there is room for, in their order; what is left out is counted. */
function fit(entries: readonly (readonly string[])[], room: number): string[] {
  const lines: string[] = []
  let used = 0
  for (const [position, entry] of entries.entries()) {
    used += entry.join("\n").length + 1
    if (used > room) {
      const left = words.countOf(entries.length - position, "more entry", "more entries")
      return [...lines, "", `**${left}** in the full report: a comment has no room for it.`]
    }
    lines.push(...entry)
  }
  return lines
}

function findingLines(finding: ReportFinding): string[] {
  const word = finding.verdict === "LEAK" ? words.severityWords[finding.severity].title : "Not settled"
  const score = cvssScore(finding.cvss)
  const rating = score === undefined ? "" : ` · CVSS ${score.score.toFixed(1)} ${score.rating} ${code(finding.cvss)}`
  return [
    "",
    `**${word}** in ${code(finding.object)} (${finding.check}): ${plain(finding.message)}`,
    "",
    "<details><summary>Evidence, replay and fix</summary>",
    "",
    `Evidence: ${plain(finding.evidence)}`,
    "",
    ...block("Replay", finding.replay),
    ...block("Fix", finding.fix),
    `${code(finding.cwe)}${rating}`,
    "",
    "</details>",
  ]
}

function block(title: string, text: string): string[] {
  return text.trim() === "" ? [] : [`${title}:`, "", ...fenced(text), ""]
}

function section(title: string, rows: readonly string[]): string[] {
  const entries = rows.map((row) => [row])
  return rows.length === 0 ? [] : ["", `### ${title}`, "", ...fit(entries, sectionLimit)]
}

function acceptedLines(report: Report): string[] {
  const rows = words.accepted(report).map(({ object, check, accepted }) => {
    return `- ${code(object)} (${check}) until ${accepted?.expires}: ${plain(accepted?.reason ?? "")}`
  })
  return section("Accepted, and not counted", rows)
}

function problemLines(report: Report): string[] {
  const problems = report.baseline?.problems ?? []
  const rows = problems.map(
    ({ object, check, problem }) => `- ${code(object)} (${check}) ${words.problemWords[problem]}`,
  )
  return section("Baseline entries that accept nothing", rows)
}

function checkLines(report: Report): string[] {
  const rows = report.checks.map((one) => {
    const { check, title, probes, controls, reason } = one
    const why = reason === undefined ? "" : `: ${plain(reason)}`
    return [`| ${check} | ${plain(title)} | ${words.outcome(report, one)}${why} | ${probes} | ${controls} |`]
  })
  if (rows.length === 0) return []
  const title = `<details><summary>What was tried: ${words.countOf(rows.length, "check")}</summary>`
  const head = ["| check | what | result | attempts | controls |", "|---|---|---|--:|--:|"]
  return ["", title, "", ...head, ...fit(rows, sectionLimit), "", "</details>"]
}

function killRate(report: Report): string[] {
  const rows = words.killRateLines(report).map((line) => `- ${plain(line)}`)
  return section("How good these checks are here", rows)
}

function notCoveredLines(report: Report): string[] {
  const rows = report.notCovered.map((text) => `- ${plain(text)}`)
  return section("What was not tried", rows)
}

/**
 * Text that stays text: no markup, no HTML, no link, not even for a bare host name. GitHub looks for mentions and issue
 * numbers in the finished page, where an entity is a plain character again, so only a zero-width space after the sign
 * keeps them from calling anybody.
 */
function plain(text: string): string {
  return oneLine(text).replace(/[&<>"'\\`*_{}[\]()+!|~:@#-]|\.(?=\p{L})/gu, (character) =>
    character === "@" || character === "#" ? `${character}&#8203;` : `&#${character.charCodeAt(0)};`,
  )
}

/** A code span whose fence is longer than any run of backticks inside (CommonMark 6.1). */
function code(text: string): string {
  const line = oneLine(text).replaceAll("|", "¦")
  if (line === "") return "(empty)"
  const fence = "`".repeat(longestRun(line) + 1)
  return `${fence} ${line} ${fence}`
}

function fenced(text: string): string[] {
  const body = visible(text).trim()
  const fence = "`".repeat(Math.max(longestRun(body) + 1, 3))
  return [`${fence}text`, body, fence]
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
}
