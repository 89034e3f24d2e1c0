import { expect, it } from "vitest"
import { calledIn, renames } from "./called.js"

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
