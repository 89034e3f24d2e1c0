/** A seeded source of choices: the same seed gives the same clinic on every machine, without a clock. */
export interface Random {
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  chance(share: number): boolean
  pick<T>(from: readonly T[]): T
  digits(count: number): string
  uuid(): string
}

/** Mulberry32 over a seed: small, fast, and good enough for test data. Never a source of secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const hex = (count: number): string => {
    let text = ""
    while (text.length < count) text += int(0, 0xffff).toString(16).padStart(4, "0")
    return text.slice(0, count)
  }
  return {
    int,
    chance: (share) => next() < share,
    pick: (from) => {
      const chosen = from[int(0, from.length - 1)]
      if (chosen === undefined) throw new Error("nothing to pick from")
      return chosen
    },
    digits: (count) => Array.from({ length: count }, () => int(0, 9)).join(""),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${int(8, 11).toString(16)}${hex(3)}-${hex(12)}`,
  }
}
