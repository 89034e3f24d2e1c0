import type { BenchResult } from "./rounds.ts"

export interface Bar {
  readonly what: string
  /** Of a bench's name. */
  readonly bench: RegExp
  readonly variant: string
  readonly most: number
  /** What PostgreSQL 15 must reach, where that is another number. */
  readonly most15?: number
}

const portable = "signed portable"

/** What the product promises, as ratios to the same work written by hand. */
export const bars: readonly Bar[] = [
  { what: "point query, signed portable", bench: /^point$/, variant: portable, most: 1.65 },
  { what: "point query, signed accelerated", bench: /^point$/, variant: "signed accelerated", most: 1.75 },
  { what: "three roles in turn", bench: /^three roles/, variant: "three roles", most: 1.1 },
  { what: "point query with 1 ms round trip", bench: /^point, 1 ms/, variant: portable, most: 1.06 },
  { what: "newest 50, big branch", bench: /^newest 50 in a branch/, variant: portable, most: 1.3, most15: 2 },
  { what: "newest 50, five branches", bench: /^newest 50 in five/, variant: portable, most: 1.3, most15: 2 },
  { what: "join of three protected tables", bench: /^join/, variant: portable, most: 1.95 },
  { what: "search by word", bench: /^search by any word/, variant: portable, most: 1.25 },
  { what: "search by prefix", bench: /^search by any prefix/, variant: portable, most: 1.25 },
  { what: "search by last digits", bench: /^search by the last/, variant: portable, most: 1.25 },
  { what: "list in the whole table", bench: /^list of a clinic, \d+ rows, whole/, variant: portable, most: 1.2 },
  { what: "count in the whole table", bench: /^count of a clinic, \d+ rows, whole/, variant: portable, most: 1.2 },
  {
    what: "aggregate in the whole table",
    bench: /^aggregate of a clinic, \d+ rows, whole/,
    variant: portable,
    most: 1.2,
  },
  { what: "list, growth with the table", bench: /^list.*growth/, variant: portable, most: 1.1 },
  { what: "count, growth with the table", bench: /^count.*growth/, variant: portable, most: 1.1 },
  { what: "aggregate, growth with the table", bench: /^aggregate.*growth/, variant: portable, most: 1.1 },
  {
    what: "32 concurrent requests",
    bench: /^32 concurrent requests$/,
    variant: "signed, 2 shared pipelined connections",
    most: 1,
  },
  {
    what: "32 concurrent requests with 1 ms round trip",
    bench: /^32 concurrent requests, 1 ms/,
    variant: "signed, 2 shared pipelined connections",
    most: 0.5,
  },
]

/** Of issue 7's table, but for the growth: a B-tree of five hundred times the entries is a level or two deeper. */
export const consentBars = { pointAdded: 0.15, scan: 1.2, stateP95: 5, stateGrowth: 1.5, late: 0 } as const

export interface Verdict {
  readonly what: string
  readonly most: number
  readonly measured: number
  readonly iqr: readonly [number, number] | undefined
  readonly bench: BenchResult
  readonly held: boolean
}

/** One verdict per bar whose bench was run. */
export function verdicts(benches: readonly BenchResult[], major: number): Verdict[] {
  return bars.flatMap((bar) =>
    benches
      .filter((bench) => bar.bench.test(bench.name) && bench.ours[bar.variant] !== undefined)
      .map((bench) => {
        const most = major < 18 ? (bar.most15 ?? bar.most) : bar.most
        const measured = bench.ours[bar.variant] ?? Number.NaN
        return { what: bar.what, most, measured, iqr: bench.iqr[bar.variant], bench, held: measured <= most }
      }),
  )
}

export function verdictLine({ what, most, measured, held }: Verdict): string {
  return `${held ? "held  " : "MISSED"}  ${measured.toFixed(2).padStart(6)} of ${most.toFixed(2)}  ${what}`
}
