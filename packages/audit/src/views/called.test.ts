import { expect, it } from "vitest"
import { calledIn, mayShowAny, renames } from "./called.js"

it("finds calls, whatever stands between a name and its parenthesis", () => {
  const text = `select random (), "Next" /* ( */ (), public.nextval\n(1), 'no()' as random -- setseed()`
  expect([...calledIn(text)]).toEqual(["random", "Next", "nextval"])
})

it("takes every word of a text that is not clear", () => {
  expect([...calledIn("select random, '\\'")]).toContain("random")
})

it.each<[boolean, string]>([
  [true, "select f from patient p(a, f)"],
  [true, 'select f from patient as "p" -- of all\n (a, f)'],
  [true, "insert into visit (a) select f from patient p (a, f)"],
  [true, "select f from public.into p (a, f)"],
  [true, "select f, '\\' from patient p (a, f)"],
  [false, "select p.f, '\\' from patient p where (a)"],
  [false, "select p.f from patient p where p.a in (1)"],
  [false, "insert into p (a, f) values (1, 2)"],
  [false, "insert into public.patient as p (a, f) values (1, 2)"],
])("sees whether columns get other names (%s): %s", (answer, text) => {
  expect(renames(text, new Set(["p"]))).toBe(answer)
})

it.each<[boolean, string]>([
  [true, "select upper(f) from patient p(a, f) where null = null"],
  [true, "select upper(f) from patient as p(a, f) where null = null"],
  [true, "select to_jsonb(p) from patient p where null = null"],
  [true, "select id, p from public.patient p"],
  [true, "select to_jsonb(patient.*) from patient"],
  [true, "select patient from patient"],
  [true, "select x from lately"],
  [true, 'select upper(f) from patient "where"(a, f) where null = null'],
  [false, "select count(*) from patient where (1 = 0) and exists (select 1 from visit where (true))"],
  [false, "select count(*) from patient where 1 = 0"],
  [false, "select p.phone || '' from visit v, patient p where null = null"],
  [false, "select patient.phone || '' from visit v, patient where null = null"],
  [false, 'select p.phone from visit v join "public"."patient" as "p" on p.id = v.patient_id where 1 = 0'],
])("sees whether any column may be shown (%s): %s", (answer, text) => {
  expect(mayShowAny(text, "patient")).toBe(answer)
})
