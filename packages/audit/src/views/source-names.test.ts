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
  // Words that end FROM elsewhere, as an alias, a column or a table.
  ["select 1 from visit set, patient", ["visit", "patient"]],
  ["select 1 from visit values, patient", ["visit", "patient"]],
  ["select 1 from visit v join x on x.where = x . values, patient", ["visit", "x", "patient"]],
  ["select 1 from visit v join lateral f() on (select 1 as order) = 1, patient", ["visit", "f", "patient"]],
  ["with update as (select 1) select 1 from update set, patient", ["as", "update", "set", "patient"]],
  ["select 1 from visit v join x on max(o.a) within group (order by 1) = 1, patient", ["visit", "x", "patient"]],
  ["select 1 from public.values, public.where, patient", ["public", "values", "where", "patient"]],
  ["select a from visit where a = 1 order by a, patient", ["visit"]],
  ["insert into note select a from visit on conflict (id) do update set a = 1, patient = 2", ["note", "visit", "set"]],
  ["select a from (values (1, patient)) v (a), visit", ["values", "visit"]],
  ["select a from visit except select 1, patient", ["visit"]],
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
