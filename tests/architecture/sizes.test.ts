import { expect, test } from "vitest"
import { repositoryFiles } from "./repository.ts"
import { oversized, vagueNames } from "./sizes.ts"

const files = repositoryFiles()
const lines = (count: number) => "x\n".repeat(count)

test("no file is longer than the cap of its kind", () => {
  expect(oversized(files)).toEqual([])
})

test.each([
  ["packages/core/src/long.ts", 300],
  ["packages/core/src/long.test.ts", 500],
  ["packages/postgres/sql/objects/functions/long.sql", 150],
  ["packages/postgres/sql/strategy/long.sql", 150],
  ["tests/scripts/long.mjs", 300],
])("the size guard fires on %s one line above %i", (path, cap) => {
  expect(oversized([{ path, text: lines(cap) }])).toEqual([])
  expect(oversized([{ path, text: lines(cap + 1) }])).toHaveLength(1)
})

test("no file or folder has a name that says nothing", () => {
  expect(vagueNames(files)).toEqual([])
})

test.each(["utils.ts", "string-helpers.ts", "common/index.ts", "pool-manager.ts", "util.test.ts"])(
  "the name guard fires on %s",
  (name) => {
    expect(vagueNames([{ path: `packages/core/src/${name}`, text: "" }])).toHaveLength(1)
  },
)

test("the name guard leaves ordinary words alone", () => {
  const names = ["communication.ts", "management-report.ts"]
  expect(vagueNames(names.map((name) => ({ path: `packages/core/src/${name}`, text: "" })))).toEqual([])
})
