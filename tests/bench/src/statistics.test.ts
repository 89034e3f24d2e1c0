import { describe, expect, test } from "vitest"
import { addedTo, median, quantile, ratioOf, rounded } from "./statistics.ts"

describe("the statistics of the benchmarks", () => {
  test("the median is the middle value, or the mean of the two middle ones", () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  test("numbers are sorted as numbers, not as texts", () => {
    expect(median([100, 9, 20])).toBe(20)
  })

  test("a quantile lies between its neighbours", () => {
    expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2)
    expect(quantile([1, 2], 0.75)).toBe(1.75)
    expect(quantile([7], 0.9)).toBe(7)
  })

  test("a ratio is the median of the ratios of the rounds, not the ratio of the medians", () => {
    const floor = [10, 20, 40]
    const values = [20, 30, 120]
    expect(ratioOf(values, floor)).toEqual({ ratio: 2, iqr: [1.75, 2.5] })
    expect(median(values) / median(floor)).toBe(1.5)
  })

  test("one slow round does not move a ratio when it was slow for both", () => {
    expect(ratioOf([12, 1200, 12], [10, 1000, 10]).ratio).toBeCloseTo(1.2)
  })

  test("values of different numbers of rounds are refused", () => {
    expect(() => ratioOf([1], [1, 2])).toThrow("one value per round")
  })

  test("what is added is the median of the differences of the rounds", () => {
    expect(addedTo([15, 30, 1000], [10, 20, 990])).toBe(10)
    expect(() => addedTo([1], [1, 2])).toThrow("one value per round")
  })

  test("a statistic leaves its values in their order", () => {
    const values = [3, 1, 2]
    median(values)
    quantile(values, 0.5)
    expect(values).toEqual([3, 1, 2])
  })

  test("printed numbers keep three digits", () => {
    expect(rounded(1.23456)).toBe(1.235)
    expect(rounded(1.5, 0)).toBe(2)
  })
})
