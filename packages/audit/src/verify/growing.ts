/** Of what grows, the first that is larger than `index`. */
export function firstBeyond<T>(growing: readonly T[], index: number, of: (each: T) => number): T | undefined {
  return growing[upTo(growing, index, of)]
}

/** The last that is not. */
export function lastUpTo<T>(growing: readonly T[], index: number, of: (each: T) => number): T | undefined {
  return growing[upTo(growing, index, of) - 1]
}

/** How many are not larger. */
function upTo<T>(growing: readonly T[], index: number, of: (each: T) => number): number {
  let low = 0
  let high = growing.length
  while (low < high) {
    const middle = (low + high) >> 1
    const each = growing[middle]
    if (each !== undefined && of(each) <= index) low = middle + 1
    else high = middle
  }
  return low
}
