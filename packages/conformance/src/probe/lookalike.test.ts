import { expect, test } from "vitest"
import { isNumbered, lookalikesOf, siblingsOf, stranger } from "./lookalike.js"

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

test("siblings begin as the value does, and of whatever check digits some are right", () => {
  for (const text of ["DE89370400440532013000", "KA-05-2026-117", "98100 44221"]) {
    const made = siblingsOf(text)
    expect(new Set(made).size).toBe(999)
    expect(made).not.toContain(text)
    const head = text.slice(0, /\d\D*\d\D*\d\D*$/.exec(text)?.index)
    expect(made.every((one) => one.startsWith(head) && form(one) === form(text))).toBe(true)
    for (const modulus of [10, 11, 97]) {
      const rest = (one: string): bigint => BigInt(one.replace(/\D/g, "")) % BigInt(modulus)
      expect(made.filter((one) => rest(one) === rest(text)).length).toBeGreaterThanOrEqual(9)
    }
  }
  expect(siblingsOf("7").toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6", "8", "9"])
  expect(siblingsOf("asha@example.org").every((one) => /^[a-z]{4}@example\.org$/.test(one))).toBe(true)
})

test("a word that may be one of a list is no number", () => {
  expect(["P200", "98100", "7", "asha@example.org"].map(isNumbered)).toEqual([true, true, true, true])
  expect(["closed", "Bela", "ward 7", ""].map(isNumbered)).toEqual([false, false, false, false])
})
