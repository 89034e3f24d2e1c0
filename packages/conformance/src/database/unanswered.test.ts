import { expect, test } from "vitest"
import { Unanswered, whyUnanswered } from "./unanswered.js"

test("a lock, a replica, a limit, a full disk and a deadlock answer nothing; a refusal does", () => {
  for (const code of ["55P03", "25006", "57014", "53100", "53200", "40P01", "40001"]) {
    expect(whyUnanswered(code)).toBeTypeOf("string")
  }
  for (const code of ["42501", "44000", "23505", "P0001", "22P02", "0A000"]) expect(whyUnanswered(code)).toBeUndefined()
})

test("what was not answered is told once, with what was being tried", () => {
  const unanswered = new Unanswered()
  unanswered.at("public.bill")
  unanswered.note("55P03")
  unanswered.note("55P03")
  unanswered.note("42501")
  unanswered.at("public.visit")
  unanswered.note("57014")
  expect(unanswered.take()).toEqual([
    { object: "public.bill", why: expect.stringContaining("55P03") },
    { object: "public.visit", why: expect.stringContaining("57014") },
  ])
  expect(unanswered.take()).toEqual([])
})
