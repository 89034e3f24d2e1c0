import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { root } from "./run.mjs"
import { stages, told } from "./stages.mjs"

test("without names every stage is wanted, with names those, each check and each leg by itself, too", () => {
  expect(stages.every((name) => told([]).wanted(name))).toBe(true)
  const { wanted, from, to } = told(["unit", "pg15", "api pages", "--to=/a/tally.json"])
  const asked = [wanted("unit"), wanted("db", "pg15"), wanted("check", "api pages"), wanted("db", "pgbouncer")]
  expect([asked, from, to]).toEqual([[true, true, true, false], undefined, "/a/tally.json"])
})

test.each([
  [["unti"], "unti: there are check, unit, packaging, db"],
  [["unit", "--form=a"], "--form=a: there are --from=FILE and --to=FILE"],
  [["unit", "--to"], "--to: there are --from=FILE and --to=FILE"],
])("%j would run nothing or lose what was counted, and is refused", (args, said) => {
  expect(() => told(args)).toThrow(said)
})

test(".ci/run names every stage once", () => {
  const lines = readFileSync(join(root, ".ci/run"), "utf8").match(/npm test -- .*/g) ?? []
  const named = lines.flatMap((line) => line.split(" ").filter((word) => stages.includes(word)))
  expect(named.toSorted()).toEqual(stages.toSorted())
})
