import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { matrixTable, statementMatrix } from "./statement-matrix.js"

const guide = fileURLToPath(new URL("../../../../docs/guides/test.md", import.meta.url))

test("the guide's table of statements is the one that the code goes through", () => {
  expect(readFileSync(guide, "utf8")).toContain(`\n\n${matrixTable()}\n\n`)
})

test("no statement stands in it twice for the same kind of object", () => {
  const places = statementMatrix.flatMap(({ statement, given, on }) =>
    on.map((kind) => `${statement} ${given} ${kind}`),
  )
  expect(places).toEqual([...new Set(places)])
})
