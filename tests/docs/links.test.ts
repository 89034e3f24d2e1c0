import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { deadNames, namedFiles } from "./links.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const documents = ["README.md", ...below("docs")]

function below(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.startsWith("reference/api/"))
    .map((name) => `${folder}/${name}`)
}

test("every link leads to a file, and every file that a document names as evidence exists", () => {
  expect(documents.flatMap((path) => deadNames(root, path, readFileSync(join(root, path), "utf8")))).toEqual([])
})

test("the guard fires on a link and on a file that are not there", () => {
  const text = "[a](nowhere.md#x) [b](https://example.org) `tests/no-such.test.ts` (tested: packages/none.ts)"
  expect(namedFiles(text)).toEqual({ links: ["nowhere.md"], files: ["tests/no-such.test.ts", "packages/none.ts"] })
  expect(deadNames(root, "docs/x.md", text)).toHaveLength(3)
})

test("the threat model names evidence in every section about somebody", () => {
  const text = readFileSync(join(root, "docs/THREAT-MODEL.md"), "utf8")
  const sections = text
    .split("\n### ")
    .slice(1)
    .map((section) => section.split("\n## ")[0] ?? "")
  const silent = sections.filter((section) => namedFiles(section).files.length === 0).map((s) => s.split("\n")[0])
  // Nothing can be shown about what nothing stops.
  expect(silent).toEqual(["The network"])
})

test("the front page is short, and no page promises compliance", () => {
  expect(readFileSync(join(root, "README.md"), "utf8").split("\n").length).toBeLessThanOrEqual(120)
  for (const path of documents) {
    const text = readFileSync(join(root, path), "utf8").replaceAll("No software makes a clinic compliant", "")
    expect(text, path).not.toMatch(/\bcompliant\b/i)
  }
})
