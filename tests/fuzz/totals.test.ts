import { expect, it } from "vitest"
import { legs } from "../config/legs.mjs"
import { perWay, totals } from "./totals.ts"

it("one npm test makes 50,000 statements or more, on legs that there are", () => {
  const ways: Record<keyof typeof totals, number> = { embedded18: 8, pg15: 8, pgbouncer: 4 }
  const all = Object.entries(ways).map(([leg, count]) => perWay(leg, count) * count)
  expect(all.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(50_000)
  const joining = (file: string): string[] => legs.filter((leg) => leg.joins(file)).map(({ name }) => name)
  expect([
    ...joining("tests/fuzz/isolation.fuzz.db.test.ts"),
    ...joining("tests/fuzz/isolation.fuzz.pooler.db.test.ts"),
  ]).toEqual(Object.keys(totals))
})
