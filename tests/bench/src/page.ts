import { type Verdict, verdicts } from "./bars.ts"
import { type FiguresReport, figuresTable } from "./figures.ts"
import { majorOf, type Report } from "./report.ts"
import type { BenchResult } from "./rounds.ts"

const fixed = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(2))
const range = (iqr: readonly [number, number] | undefined): string =>
  iqr === undefined ? "" : `${fixed(iqr[0])}–${fixed(iqr[1])}`

const intro = [
  "# Performance",
  "",
  "Written by `npm run bench -- --page`; edit the benches, not this page. A run renews its own section, with its date and machine.",
  "",
  "Every number of the first sections is a ratio to the same rows fetched by a hand-written, prepared `WHERE` on a login without row-level",
  "security, in the same run: 1.00 is as fast as without isolation. Rounds visit all variants in random order; a",
  "ratio is the median over rounds of the ratio of that round, with its quartiles. Every variant has sessions of its own,",
  "the floor's repetition too, and searches and points are asked a thousand times before the first round: a session maps each page",
  "of the server's cache when it first meets it, and until it has met them that is most of the time. While floor and",
  "repetition shared one session, which met the pages twice as soon, ours looked dearer than they are.",
  "",
  "A context costs a fixed time per statement and a smaller one per table, so the ratio is worst where the floor is",
  "shortest. With a network in between the same time is divided by the longer round trip: what is added is processor time,",
  "not a packet (a test of the client counts one each way), and a faster processor lowers the ratio.",
  "The list in the table of a tenth is planned for branches spread over the whole database, because the owner of a FORCEd",
  "table cannot ask how many branches are in it; where few clinics use a table, PostgreSQL sorts a clinic's rows.",
  "",
].join("\n")

/**
 * The reference page with the sections of these results; those of other sets and servers stay as their runs wrote them. From the
 * results alone: no number in it is written by hand.
 */
export function renewed(existing: string, reports: readonly Report[], tables: readonly FiguresReport[]): string {
  const quick = [...reports, ...tables].find((one) => one.quick)
  if (quick !== undefined) throw new Error(`${quick.command}: a quick run shows that it works, and goes on no page`)
  const fresh = [
    ...reports.map((report) => section(report).join("\n")),
    ...tables.map((table) => `${figuresTable(table)}\n`),
  ]
  const kept = existing.split(/^(?=## )/m).filter((text) => text.startsWith("## "))
  const about = new Map([...kept, ...fresh].map((text) => [subjectOf(text), text]))
  return [`${intro}\n`, ...[...about.values()].map((text) => `${text.trimEnd()}\n\n`)].join("").replace(/\n+$/, "\n")
}

/** `PostgreSQL 18` of 18.4 and of 18.5, or the heading of a set. */
const subjectOf = (text: string): string => /^## (PostgreSQL \d+|.*)/.exec(text)?.[1] ?? ""

function section(report: Report): string[] {
  const { machine, server } = report
  return [
    `## PostgreSQL ${server.version}`,
    "",
    `${report.date.slice(0, 10)}, Node ${report.node}, ${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB,`,
    `${machine.system}, load ${machine.load} before the start; ${report.rows.toLocaleString("en")} patients; fsync off, because only`,
    `reading is measured. Command: \`${report.command}\``,
    "",
    ...(report.quick ? ["**A quick run: it shows that the benches work. Its ratios are not the product's.**", ""] : []),
    "| bar | at most | measured | quartiles | |",
    "|---|---|---|---|---|",
    ...verdicts(report.benches, majorOf(report)).map(barRow),
    "",
    "### Everything measured",
    "",
    ...report.benches.filter((bench) => Object.keys(bench.microseconds).length > 0).flatMap(table),
  ]
}

function barRow({ what, most, measured, iqr, held }: Verdict): string {
  return `| ${what} | ${fixed(most)} | ${fixed(measured)} | ${range(iqr)} | ${held ? "held" : "**missed**"} |`
}

function table(bench: BenchResult): string[] {
  const ratio = (variant: string): number | undefined =>
    bench.ours[variant] ?? bench.peers[variant] ?? bench.notes[variant] ?? (variant === bench.floor ? 1 : undefined)
  return [
    `**${bench.name}** (${bench.rounds} rounds of ${bench.operations}; ${bench.placement}; ${bench.measure})`,
    "",
    "| | ratio | quartiles | µs |",
    "|---|---|---|---|",
    ...Object.entries(bench.microseconds).map(
      ([variant, time]) =>
        `| ${variant} | ${fixed(ratio(variant))} | ${range(bench.iqr[variant])} | ${time.toFixed(1)} |`,
    ),
    "",
  ]
}
