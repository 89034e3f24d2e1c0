import { expect, test } from "vitest"
import { accuracy, requireAccurate } from "../src/delay-accuracy.ts"

const round = (first: number): number[] => [first, first + 0.01, first + 0.02]

test("a delay that is not the one asked for stops the measurement", () => {
  expect(() => requireAccurate(accuracy(1, round(0.1), round(1.15)))).not.toThrow()
  for (const proxied of [round(0.85), round(1.35)])
    expect(() => requireAccurate(accuracy(1, round(0.1), proxied))).toThrow("instead of 1")
})
