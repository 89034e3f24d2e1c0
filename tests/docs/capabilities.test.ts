import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

/** The cells of Wardkeep's own column abbreviate: `WKC040, 044`. */
function checksNamed(text: string): string[] {
  const cells = [...text.matchAll(/WKC\d{3}(?:, \d{3})*/g)].flatMap(([cell]) => cell.slice(3).split(", "))
  return [...new Set(cells)].map((number) => `WKC${number}`).sort()
}

test("every check that the capability table names exists", () => {
  const folders = readdirSync(path("packages/conformance/src/checks"))
  const named = checksNamed(readFileSync(path("docs/CAPABILITIES.md"), "utf8"))
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((check) => !folders.some((folder) => folder.startsWith(check)))).toEqual([])
})

test("the guard reads abbreviated lists", () => {
  expect(checksNamed("| WKC040, 044 | – | WKC999 |")).toEqual(["WKC040", "WKC044", "WKC999"])
})
