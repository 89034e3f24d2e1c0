import { expect, it } from "vitest"
import { sourceNames } from "./source-names.js"

it.each<[string, string[]]>([
  ["select id from patient", ["patient"]],
  ["select id FROM public.Patient p", ["public", "patient"]],
  ['select 1 from only "we""ird"', ['we"ird']],
  ["select 1 from visit v, patient", ["visit", "patient"]],
  ["select 1 from (select ')' from visit) x, patient", ["visit", "patient"]],
  ["select 1 from visit join /* a */ (patient join note on true) on true", ["visit", "patient", "note"]],
  ["select 1 as patient, 'from patient' -- from patient\n from visit where a in (1, 2)", ["visit"]],
  ["update patient set phone = name from visit", ["patient", "visit"]],
  [`select 1 from ${"é".repeat(40)}`, ["é".repeat(31)]],
])("%s", (text, names) => {
  expect([...(sourceNames(text) ?? [])]).toEqual(names)
})

it("is not clear where something is left open or depends on settings", () => {
  for (const text of ["select 'a", 'select "a', "select 1 /* from patient", "select '\\' from patient"])
    expect(sourceNames(text)).toBeUndefined()
})

it("takes time in proportion to the text: a list of ids is no question for each of them", () => {
  const listed = (n: number): string => `select 1 from visit where id in (${"'aaaaaaaa-bbbb', ".repeat(n)}'x'), patient`
  expect([...(sourceNames(listed(100_000)) ?? [])]).toEqual(["visit"])
})
