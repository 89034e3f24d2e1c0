import { existsSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { root } from "../scripts/run.mjs"
import { longest, placeOf } from "./longest-first.ts"

test("the files that are begun first are there", () => {
  expect(longest.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test("they stand before all others, in their order, and no other file takes the place of one", () => {
  const [first = "", second = ""] = longest
  const files = ["/a/b.test.ts", `/a/${second}`, `/a/not-${first.replaceAll("/", "-")}`, `/a/${first}`]
  expect(files.toSorted((a, b) => placeOf(a) - placeOf(b))).toEqual([files[3], files[1], files[0], files[2]])
})
