import type { Machine } from "./machine.ts"
import type { BenchResult } from "./rounds.ts"

/** One run, as it is written to a file. */
export interface Report {
  readonly benches: readonly BenchResult[]
  readonly machine: Machine
  readonly server: {
    readonly version: string
    readonly settings: Readonly<Record<string, unknown>>
    readonly fsync: false
  }
  readonly node: string
  readonly date: string
  readonly command: string
  readonly quick: boolean
  readonly rows: number
  readonly loading: Readonly<Record<string, number>>
}

export const majorOf = ({ server }: Report): number => Number.parseInt(server.version, 10)
