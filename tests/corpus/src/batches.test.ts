import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { readBatches, slugsOf } from "./batches.ts"
import { readSystems } from "./system.ts"

test("every slug of a batch is a system's, and of one batch only", () => {
  const systems = readSystems(fileURLToPath(new URL("../systems", import.meta.url))).map(({ slug }) => slug)
  const slugs = slugsOf(Object.keys(readBatches()))
  expect(slugs.filter((slug) => !systems.includes(slug))).toEqual([])
  expect(slugs.filter((slug, place) => slugs.indexOf(slug) !== place)).toEqual([])
})

test("several batches are run together, and a batch that is not there is refused with those that are", () => {
  const { fourth = [], fifth = [] } = readBatches()
  expect(fourth.length).toBeGreaterThan(0)
  expect(slugsOf(["fourth", "fifth"])).toEqual([...fourth, ...fifth])
  expect(() => slugsOf(["last"])).toThrow("--batch last: the batches are first, second, third, fourth, fifth, sixth")
})
