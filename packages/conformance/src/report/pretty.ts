import { styleText } from "node:util"
import { cvssScore } from "./cvss.js"
import type { CheckResult, Report, ReportFinding } from "./report.js"
import { oneLine, visible } from "./visible.js"
import * as words from "./words.js"

type Style = "red" | "yellow" | "green" | "bold" | "dim"

/** What the caller knows about the terminal. */
export interface PrettyOptions {
  /** Set it only for a terminal; `NO_COLOR` and `TERM=dumb` are the caller's to read. */
  readonly colour?: boolean
}

const verdictStyles: Readonly<Record<Report["verdict"], Style>> = {
  LEAK: "red",
  NOT_FOUND: "green",
  INCONCLUSIVE: "yellow",
}

/** For a terminal and for logs. */
export function prettyReport(report: Report, { colour = false }: PrettyOptions = {}): string {
  const paint = (style: Style, text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text
  const lines = [
    `${paint(verdictStyles[report.verdict], words.verdictWord(report))}  ${words.headline(report)}`,
    paint("dim", oneLine(facts(report))),
  ]
  const section = (title: string, body: readonly string[]): void => {
    if (body.length > 0) lines.push("", paint("bold", title), ...body)
  }
  const open = words.open(report)
  section(
    `Findings: ${words.tally(open)}`,
    open.flatMap((finding) => findingLines(finding, paint)),
  )
  section(
    "Accepted, and not counted",
    words
      .accepted(report)
      .flatMap((finding) => [
        `  ${oneLine(finding.object)} [${finding.check}] until ${finding.accepted?.expires}: ${oneLine(finding.accepted?.reason ?? "")}`,
      ]),
  )
  section(
    "Baseline entries that accept nothing",
    (report.baseline?.problems ?? []).map(
      ({ check, object, problem }) => `  ${oneLine(object)} [${check}] ${words.problemWords[problem]}`,
    ),
  )
  section(
    "What was tried",
    report.checks.map((check) => checkLine(check, words.outcome(report, check))),
  )
  section(
    "How good these checks are here",
    words.killRateLines(report).map((line) => `  ${oneLine(line)}`),
  )
  section(
    "What was not tried",
    report.notCovered.map((text) => `  - ${oneLine(text)}`),
  )
  return `${lines.join("\n")}\n`
}

function facts(report: Report): string {
  const attempts = words.countOf(report.probes, "attempt")
  return `${words.serverName(report)} · ${report.mode} · ${attempts} in ${words.duration(report.seconds)} · wardkeep ${report.tool.version} · ${report.startedAt}`
}

function findingLines(finding: ReportFinding, paint: (style: Style, text: string) => string): string[] {
  const word = finding.verdict === "LEAK" ? words.severityWords[finding.severity].title : "Not settled"
  const style = finding.verdict === "LEAK" && finding.severity === "leak" ? "red" : "yellow"
  const score = cvssScore(finding.cvss)
  const rating = score === undefined ? "" : `, CVSS ${score.score.toFixed(1)} ${score.rating} (${finding.cvss})`
  const part = (name: string, text: string): string[] => {
    const [first = "", ...rest] = visible(text).trim().split("\n")
    return text.trim() === ""
      ? []
      : [`    ${name.padEnd(9)}${first}`, ...rest.map((line) => `    ${"".padEnd(9)}${line}`)]
  }
  return [
    `  ${paint(style, word.toUpperCase())}  ${paint("bold", oneLine(finding.object))} [${finding.check}] ${oneLine(finding.message)}`,
    ...part("evidence", finding.evidence),
    ...part("replay", finding.replay),
    ...part("fix", finding.fix),
    `    ${oneLine(`${finding.cwe}${rating}`)}`,
  ]
}

function checkLine({ check, title, probes, controls, reason }: CheckResult, outcome: string): string {
  const counts = `${words.countOf(probes, "attempt")}, ${words.countOf(controls, "control")}`
  const why = reason === undefined ? "" : `: ${oneLine(reason)}`
  return `  ${check}  ${outcome.padEnd(18)}  ${oneLine(title)} (${counts})${why}`
}
