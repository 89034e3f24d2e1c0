import { expect, test } from "vitest"
import { readScript, splitStatements } from "./script.ts"

test("headings say who runs what is below them", () => {
  const sections = readScript(`-- as A
select 1;
-- as A, without context, same connection
select 2;
-- control as A
select 3;
-- truth
select true;`)
  expect(sections.map(({ kind, withoutContext, connection }) => [kind, withoutContext, connection])).toEqual([
    ["as", false, "new"],
    ["as", true, "same"],
    ["control", false, "new"],
    ["truth", false, "new"],
  ])
})

test("a semicolon inside a function's body ends nothing", () => {
  const text = "create function f() returns int language plpgsql as $$\nbegin\n  return 1;\nend $$;\nselect f();"
  expect(splitStatements(text)).toHaveLength(2)
})

test("a statement without its semicolon is an error, not a statement that never runs", () => {
  expect(() => splitStatements("select 1;\nselect 2")).toThrow("select 2")
})
