/** The middle value; the mean of the two middle ones when there are two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** The value below which `share` of the values lie, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)] as number
  const high = sorted[Math.ceil(at)] as number
  return low + (high - low) * (at - Math.floor(at))
}

export interface Ratio {
  /** Median of the ratios of each round. */
  readonly ratio: number
  /** First and third quartile of those ratios. */
  readonly iqr: readonly [number, number]
}

/**
 * How many times slower `values` are than `floor`, round by round: both saw the same moment of a noisy machine, so the
 * ratio of a round means something where the ratio of two overall medians would not.
 */
export function ratioOf(values: readonly number[], floor: readonly number[]): Ratio {
  if (values.length !== floor.length) throw new Error("both need one value per round")
  const ratios = values.map((value, round) => value / (floor[round] as number))
  return { ratio: median(ratios), iqr: [quantile(ratios, 0.25), quantile(ratios, 0.75)] }
}

/** How much more `values` are than `floor`, round by round, as `ratioOf`. */
export function addedTo(values: readonly number[], floor: readonly number[]): number {
  if (values.length !== floor.length) throw new Error("both need one value per round")
  return median(values.map((value, round) => value - (floor[round] as number)))
}

export const rounded = (value: number, digits = 3): number => Number(value.toFixed(digits))
