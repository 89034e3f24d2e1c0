import { existsSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { type CatalogueEntry, codeFindings } from "./error-codes.ts"
import { repositoryFiles, root } from "./repository.ts"

const catalogueFile = join(root, "packages/core/src/errors/codes.ts")

async function catalogue(): Promise<Record<string, CatalogueEntry>> {
  if (!existsSync(catalogueFile)) return {}
  const { codes } = (await import(catalogueFile)) as { codes: Record<string, CatalogueEntry> }
  return codes
}

const entry = { title: "No context", hint: "Call run first." }
const sql = (text: string) => [{ path: "packages/postgres/sql/objects/functions/enter.sql", text }]

test("every error code is explained, and every explanation has an error", async () => {
  expect(codeFindings(repositoryFiles(), await catalogue())).toEqual([])
})

test("the guard fires on a code that nobody explained", () => {
  expect(codeFindings(sql("raise exception using errcode = 'WK101'"), {})).toHaveLength(1)
})

test("the guard fires on an explanation that nothing raises, unless it is retired", () => {
  expect(codeFindings([], { WK101: entry })).toHaveLength(1)
  expect(codeFindings([], { WK101: { ...entry, retired: "0.3" } })).toEqual([])
})

test("the guard fires on a code without a hint", () => {
  expect(codeFindings(sql("'WK101'"), { WK101: { ...entry, hint: "" } })).toHaveLength(1)
})

test("a code used only by a test does not count as raised", () => {
  const files = [{ path: "packages/core/src/a.test.ts", text: '"WK101"' }]
  expect(codeFindings(files, { WK101: entry })).toHaveLength(1)
})
