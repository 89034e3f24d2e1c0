import { expect, test } from "vitest"
import { lookalike, stranger } from "./lookalike.js"

test("a lookalike has the form of the value and never is the value", () => {
  for (const text of ["P200", "MCI-9", "98100 44221", "Bela", "x", "BL-2/2026"]) {
    const form = (value: string): string => value.replace(/\d/g, "9").replace(/[a-z]/g, "a").replace(/[A-Z]/g, "A")
    for (let i = 0; i < 20; i++) {
      expect(lookalike(text)).not.toBe(text)
      expect(form(lookalike(text))).toBe(form(text))
    }
  }
  expect(stranger("MRN-1234")).not.toMatch(/^M|^.R|^..N/)
  expect(lookalike("MRN-1234")).toMatch(/^MRN-\d{4}$/)
})
