import { expect, test } from "vitest"
import { changesetFindings } from "./changesets.ts"
import { manifests } from "./manifests.ts"
import { repositoryFiles } from "./repository.ts"

const files = repositoryFiles()
const published = manifests(files).filter((manifest) => !manifest.private)

test("the change is described for embedders, vendors and testers", () => {
  expect(changesetFindings(files, published)).toEqual([])
})

test("the changeset guard fires when nothing is described", () => {
  expect(changesetFindings([], published)).toHaveLength(1)
})

test("the changeset guard fires on an unknown package and on a reader left out", () => {
  const text = '---\n"@wardkeep/nothing": minor\n---\n\nEmbedders: none. Vendors: none.\n'
  expect(changesetFindings([{ path: ".changeset/a.md", text }], published)).toHaveLength(2)
})

test("all published packages carry one version", () => {
  expect(new Set(published.map(({ version }) => version)).size).toBe(1)
})
