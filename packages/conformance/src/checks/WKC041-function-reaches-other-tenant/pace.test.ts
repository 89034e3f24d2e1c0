import { expect, test } from "vitest"
import { firstOf, Pace } from "./pace.js"

test("slow calls are made few at a time, fast ones in hundreds, and one that is too slow by itself", () => {
  const pace = new Pace()
  expect(pace.room).toBe(20)
  pace.took(20, 10_000)
  expect(pace.room).toBe(2)
  pace.took(2, 40_000)
  expect(pace.room).toBe(1)
  pace.took(1, 0)
  expect(pace.room).toBe(500)
  pace.took(500, 2_000)
  expect(pace.room).toBe(250)
})

test("what is taken weighs no more than there is room for, unless it stands alone", () => {
  const weigh = (one: number): number => one
  expect(firstOf([3, 3, 3], weigh, 7)).toEqual([3, 3])
  expect(firstOf([9, 1], weigh, 7)).toEqual([9])
  expect(firstOf([0, 0, 7, 1], weigh, 7)).toEqual([0, 0, 7])
  expect(firstOf([], weigh, 7)).toEqual([])
})
