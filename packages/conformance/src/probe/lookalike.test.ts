import { expect, test } from "vitest"
import { isNumbered, lookalikesOf, stranger } from "./lookalike.js"

const form = (value: string): string => value.replace(/\d/g, "9").replace(/[a-z]/g, "a").replace(/[A-Z]/g, "A")

test("lookalikes have the form of the value and never are the value", () => {
  for (const text of ["P200", "98100 44221", "BL-22/2026", "a.b@example.org"]) {
    for (const made of [...lookalikesOf(text), stranger(text)]) {
      expect(made).not.toBe(text)
      expect(form(made)).toBe(form(text))
    }
  }
  for (const made of lookalikesOf("MRN-1234")) expect(made).toMatch(/^MRN-\d{4}$/)
  expect(stranger("MRN-1234")).not.toMatch(/^M|^.R|^..N/)
})

test("lookalikes of a whole number lie on both sides of it", () => {
  const made = lookalikesOf("10000").map(Number)
  expect(made.some((one) => one < 10_000) && made.some((one) => one > 10_000)).toBe(true)
  expect(made).not.toContain(10_000)
})

test("a word that may be one of a list is no number", () => {
  expect(["P200", "98100", "7", "asha@example.org"].map(isNumbered)).toEqual([true, true, true, true])
  expect(["closed", "Bela", "ward 7", ""].map(isNumbered)).toEqual([false, false, false, false])
})
