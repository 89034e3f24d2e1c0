import type { Verdict } from "./verdict.js"

/** A signed time, and the one that the database keeps beside it and answers with; in microseconds since 1970. */
export interface StoredTime {
  readonly what: string
  readonly stored: number
  readonly signed: number
}

/** A sealer once read the clock for each of the two. */
const apart = 1_000_000

/** How many are listed of one log. */
const listed = 20

/** Whether it was moved: of which no hash tells, and from which others tell since when a log is kept. */
export const isMoved = ({ stored, signed }: StoredTime): boolean => !(Math.abs(stored - signed) <= apart)

export function movedTimes(origin: string, times: readonly StoredTime[]): Verdict[] {
  return times
    .filter(isMoved)
    .slice(0, listed)
    .map(({ what }) => ({ name: "EDITED", origin, message: `the time of ${what} is not the one that was signed` }))
}
