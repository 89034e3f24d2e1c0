import { expect, test } from "vitest"
import { lagsOf } from "./sealing.ts"

test("every commit counts, from its return to the end of the first batch that began after it", () => {
  const batches = [
    { began: 0, ended: 100, sealed: 0 },
    { began: 1000, ended: 1200, sealed: 2 },
    { began: 2000, ended: 2500, sealed: 3 },
  ]
  expect(lagsOf([500, 1000, 1100], batches)).toEqual([0.7, 0.2, 1.4])
})

test("a commit that no batch sealed, or not the first after it, is an error and no figure", () => {
  const first = { began: 1000, ended: 1200, sealed: 1 }
  expect(() => lagsOf([500, 600], [first, { began: 2000, ended: 2100, sealed: 2 }])).toThrow("left 1")
  expect(() => lagsOf([500, 1100], [first])).toThrow("of 2 commits 1 events")
  expect(() => lagsOf([1100], [first])).toThrow("no batch after it")
})
