import { expect, it } from "vitest"
import { type Attested, captureGap, captureGapNow } from "./capture.js"
import type { BatchEntry } from "./entries.js"

const capture: Attested = { triggers: 2, state: "as it was", functions: "the same", policy: "1", off: [] }
const batch = (change: Partial<Attested> = {}, incarnation = "here"): BatchEntry =>
  ({ kind: "batch", at: new Date(0), incarnation, capture: { ...capture, ...change } }) as BatchEntry
const gap = expect.objectContaining({ name: "GAP_OF_CAPTURE" })

it("a trigger that changed without an apply is a gap in the same database, and none in another", () => {
  expect(captureGap("log", batch(), batch())).toBeUndefined()
  expect(captureGap("log", batch(), batch({ state: "another" }))).toEqual(gap)
  expect(captureGap("log", batch(), batch({ state: "another", policy: "2" }))).toBeUndefined()
  expect(captureGap("log", batch(), batch({ state: "another" }, "elsewhere"))).toBeUndefined()
})

it("no trigger at all is a gap, whatever was applied", () => {
  expect(captureGap("log", batch(), batch({ triggers: 0, policy: "2" }))).toEqual(gap)
  expect(captureGapNow("log", batch(), { ...capture, triggers: 0, policy: "2" })).toEqual(gap)
  expect(captureGapNow("log", batch(), capture)).toBeUndefined()
})
