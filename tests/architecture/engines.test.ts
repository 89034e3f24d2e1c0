import { expect, test } from "vitest"
import { runsOnOldestNode, tooNew } from "./engines.ts"
import { repositoryFiles } from "./repository.ts"

const lockfile = repositoryFiles().find(({ path }) => path === "pnpm-lock.yaml")?.text ?? ""

test("every locked package runs on Node 20.19", () => {
  expect(lockfile).toContain("\npackages:")
  expect(tooNew(lockfile)).toEqual([])
})

test.each([
  [">=20", true],
  ["^20.19.0 || >=22.12.0", true],
  [">= 18", true],
  ["20 || >=22", true],
  [">=22", false],
  ["^22.0.0 || >=24", false],
  [">=20.20.0", false],
  [">=10 <20", false],
])("the engine range %s allows 20.19: %s", (range, allowed) => {
  expect(runsOnOldestNode(range)).toBe(allowed)
})

test("the engine guard fires on a package for Node 22", () => {
  const planted = "\npackages:\n\n  vitest@5.0.0:\n    engines: {node: '>=22'}\n\nsnapshots:"
  expect(tooNew(planted)).toEqual(["vitest needs Node >=22"])
})
