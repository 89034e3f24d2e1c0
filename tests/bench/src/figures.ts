import type { Machine } from "./machine.ts"
import type { BenchResult } from "./rounds.ts"

/** Something measured, with its bar where it has one. */
export interface Figure {
  readonly what: string
  readonly unit: string
  readonly measured: number
  /** Left out: measured for who asks, and nothing is promised. */
  readonly most?: number
  readonly iqr?: readonly [number, number]
}

export interface Judged extends Figure {
  readonly held: boolean
}

export const judged = (figure: Figure): Judged => {
  if (!Number.isFinite(figure.measured)) throw new Error(`${figure.what}: nothing was measured`)
  return { ...figure, held: figure.measured <= (figure.most ?? Number.POSITIVE_INFINITY) }
}

/** What a set of benches is told. */
export interface RunOptions {
  readonly quick: boolean
  readonly server: 15 | 18
  /** Which ones; none: all of them. */
  readonly benches: readonly string[]
  readonly command: string
  readonly report: (text: string) => void
}

/** One run of a set whose results are figures, as it is written to a file. */
export interface FiguresReport {
  readonly set: "audit" | "instructions" | "consent" | "adapters" | "testing"
  readonly machine: Machine
  readonly server: {
    readonly version: string
    readonly settings: Readonly<Record<string, unknown>>
    readonly fsync: boolean
  }
  readonly node: string
  readonly date: string
  readonly command: string
  readonly quick: boolean
  readonly benches: readonly BenchResult[]
  readonly bars: readonly Judged[]
}

const sections = {
  audit: {
    heading: "The audit log",
    what: [
      "Ratios are times of the same work without a log, in the",
      "same rounds (the UPDATE: of the same rows by hand on a login without row-level security).",
    ],
  },
  instructions: {
    heading: "The audit log, in instructions",
    what: [
      "Instructions of one transaction in its backend, its prologue",
      "included, counted by callgrind: they do not depend on what else the machine does, and say nothing of the disk and of the kernel.",
    ],
  },
  adapters: {
    heading: "Through an ORM",
    what: [
      "Ratios are times of the same ORM alone, on a pool of `pg` with a",
      "`where` written by hand and a login without row-level security, in the same rounds.",
    ],
  },
  testing: {
    heading: "Your own tests",
    what: ["Each round runs 40 tests of both kinds, making the clinics included;", "the median of the rounds."],
  },
  consent: {
    heading: "Consent",
    what: [
      "Ratios and added times are of the same statement, in the",
      "same rounds on the same connection, by a role whose purpose waits for nothing (restriction: in a database whose policy",
      "file has no ledger; growth: in the small ledger).",
    ],
  },
} as const

const number = (value: number, unit: string): string =>
  unit === "×" ? value.toFixed(2) : `${value.toLocaleString("en", { maximumFractionDigits: 3 })} ${unit}`.trim()

const verdict = ({ most, held }: Judged): string => (most === undefined ? "" : held ? "held" : "**missed**")

/** The section of docs/reference/performance.md. */
export function figuresTable({ set, machine, server, node, date, command, quick, bars }: FiguresReport): string {
  const { heading, what } = sections[set]
  return [
    `## ${heading}`,
    "",
    `${date.slice(0, 10)}, PostgreSQL ${server.version}, Node ${node}, ${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB,`,
    `${machine.system}, load ${machine.load} before the start; fsync ${server.fsync ? "on" : "off"}. ${what.join("\n")} Command: \`${command}\``,
    "",
    ...(quick ? ["**A quick run: it shows that the benches work. Its figures are not the product's.**", ""] : []),
    "| bar | at most | measured | quartiles | |",
    "|---|---|---|---|---|",
    ...bars.map((bar) => {
      const quartiles = bar.iqr === undefined ? "" : `${bar.iqr[0].toFixed(2)}–${bar.iqr[1].toFixed(2)}`
      const most = bar.most === undefined ? "" : number(bar.most, bar.unit)
      return `| ${bar.what} | ${most} | ${number(bar.measured, bar.unit)} | ${quartiles} | ${verdict(bar)} |`
    }),
  ].join("\n")
}
