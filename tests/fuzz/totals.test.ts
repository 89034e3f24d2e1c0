import { expect, it } from "vitest"
import { legs } from "../config/legs.mjs"
import { perWay, totals } from "./totals.ts"
import { directWays, poolerWays } from "./ways.ts"

it("one npm test makes 50,000 statements or more, on legs that there are", () => {
  const ways: Record<keyof typeof totals, number> = {
    embedded18: directWays.length,
    pg15: directWays.length,
    pgbouncer: poolerWays.length,
  }
  const all = Object.entries(ways).map(([leg, count]) => perWay(leg, count) * count)
  expect(all.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(50_000)
  const joining = (file: string): string[] => legs.filter((leg) => leg.joins(file)).map(({ name }) => name)
  expect([
    ...joining("tests/fuzz/isolation.fuzz.db.test.ts"),
    ...joining("tests/fuzz/isolation.fuzz.pooler.db.test.ts"),
  ]).toEqual(Object.keys(totals))
})

it("every combination that is promised is among the ways", () => {
  const kinds = (ways: typeof directWays): string[] =>
    ways.map((way) =>
      [way.strategy, way.shared ? "shared" : "own", way.store, way.poolSize === 1 ? "one session" : ""]
        .join(" ")
        .trim(),
    )
  expect(kinds(directWays)).toEqual(
    expect.arrayContaining([
      "portable own als",
      "portable shared als",
      "portable own cls-hooked",
      "portable shared cls-hooked",
      "accelerated own als",
      "accelerated shared als",
    ]),
  )
  expect(kinds(poolerWays)).toEqual(
    expect.arrayContaining([
      "portable own als",
      "portable own cls-hooked",
      "portable shared als",
      "portable own als one session",
      "accelerated own als",
    ]),
  )
  expect(new Set(directWays.map((way) => way.max))).toEqual(new Set([1, 2, 10]))
})
