import { describe, expect, it } from "vitest"
import { mayExpand, selectText } from "./select-text.js"

const parts = (text: string): string[] | undefined => {
  const found = selectText(text)
  if (found === undefined) return undefined
  const { list, from, tail, order, distinct, grouped } = found
  const cut = [text.slice(list, from), text.slice(from, tail), text.slice(tail, order), text.slice(order)]
  return [...cut.map((each) => each.trim()), [distinct ? "distinct" : "", grouped ? "grouped" : ""].join("")]
}

describe("the parts of a SELECT", () => {
  it.each([
    ["select a, b from t", ["a, b", "from t", "", "", ""]],
    ["SELECT a FROM t WHERE b = $1 LIMIT $2", ["a", "FROM t WHERE b = $1", "", "LIMIT $2", ""]],
    ["select distinct a from t order by a", ["a", "from t", "", "order by a", "distinct"]],
    ['select distinct "a" from t', ['"a"', "from t", "", "", "distinct"]],
    ["select distinct on (a) a, b from t", ["distinct on (a) a, b", "from t", "", "", ""]],
    ["select all a from t", ["a", "from t", "", "", ""]],
    [
      "select count(*) from t group by a having true limit 1",
      ["count(*)", "from t", "group by a having true", "limit 1", "grouped"],
    ],
    ["with x as (select a from b) select c from x", ["c", "from x", "", "", ""]],
    ["select extract(year from a), b from t", ["extract(year from a), b", "from t", "", "", ""]],
    ["select a is distinct from b from t", ["a is distinct from b", "from t", "", "", ""]],
    ["select distinct a is not distinct from b from t", ["a is not distinct from b", "from t", "", "", "distinct"]],
    [
      "select ' from ', \" from \", $$ from $$, $x$ from $x$, e'\\' from ' from t",
      ["' from ', \" from \", $$ from $$, $x$ from $x$, e'\\' from '", "from t", "", "", ""],
    ],
    ["select /* from /* from */ */ a -- from\nfrom t", ["/* from /* from */ */ a -- from", "from t", "", "", ""]],
    ["select t.order, t.from from t where t.limit > 1", ["t.order, t.from", "from t where t.limit > 1", "", "", ""]],
    [
      "select (select x from y order by z limit 1) from t",
      ["(select x from y order by z limit 1)", "from t", "", "", ""],
    ],
  ])("%s", (text, expected) => {
    expect(parts(text)).toEqual(expected)
  })

  it.each([
    "select 1",
    "table t",
    "values (1)",
    "(select a from t)",
    "select a from t union select b from t",
    "select a from t intersect (select b from t)",
    "select a into b from t",
    "insert into t select a from b",
    "select a from t; select b from t",
    "select u&'\\0061' from t",
    "select 'a\\' from t",
    "select 'a from t",
    'select "a from t',
    "select /* a from t",
    "select $x$ a from t",
    "select (a from t",
    "select a) from t",
    "update t set a = 1 returning b",
    "",
  ])("are none of: %s", (text) => {
    expect(parts(text)).toBeUndefined()
  })
})

it.each([
  ["select * from t", true],
  ["select t . /* all */ * from t", true],
  ["select a, (t).* from t", true],
  ["select distinct t.* from t", true],
  ["select count(*), count( * ), a from t where b * 2 > 1", false],
])("a list whose columns are the table's: %s", (text, expected) => {
  const select = selectText(text)
  expect(select !== undefined && mayExpand(select)).toBe(expected)
})
