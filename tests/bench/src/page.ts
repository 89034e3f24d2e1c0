import { type Verdict, verdicts } from "./bars.ts"
import { majorOf, type Report } from "./report.ts"
import type { BenchResult } from "./rounds.ts"

const fixed = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(2))
const range = (iqr: readonly [number, number] | undefined): string =>
  iqr === undefined ? "" : `${fixed(iqr[0])}–${fixed(iqr[1])}`

/** The reference page, from the results alone: no number in it is written by hand. */
export function page(reports: readonly Report[]): string {
  return [
    "# Performance",
    "",
    "Written by `npm run bench -- --page`; edit the benches, not this page.",
    "",
    "Every number is a ratio to the same rows fetched by a hand-written, prepared `WHERE` on a login without row-level",
    "security, in the same run: 1.00 is as fast as without isolation. Rounds visit all variants in random order; a",
    "ratio is the median over rounds of the ratio of that round, with its quartiles.",
    "",
    ...reports.flatMap(section),
  ].join("\n")
}

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
