import { expect, test } from "vitest"
import { lockedHosts, privatePlaces } from "./private-places.ts"
import { repositoryFiles } from "./repository.ts"

const files = repositoryFiles()
const planted = (text: string) => privatePlaces([{ path: "docs/planted.md", text }])

test("no file names a registry host or a path of one machine", () => {
  expect(privatePlaces(files)).toEqual([])
})

test.each([
  ["", "work", "main", "a.ts"].join("/"),
  `see ${["", "home", "meera", "notes"].join("/")}`,
  `"${["", "tmp", "x"].join("/")}"`,
  `https://${["registry", "npmjs", "org"].join(".")}/zod`,
])("the guard fires on %j", (text) => {
  expect(planted(text)).toHaveLength(1)
})

test("the guard leaves web addresses and relative paths alone", () => {
  const texts = [
    ["https:", "", "example.org", "work", "plan"],
    [".", "tmp", "x"],
    ["src", "root", "y"],
  ].map((parts) => parts.join("/"))
  expect(planted(texts.join(" and "))).toEqual([])
})

test("the lockfile pins by hash and names no host", () => {
  const lockfile = files.find(({ path }) => path === "pnpm-lock.yaml")
  expect(lockedHosts(lockfile?.text ?? "missing://")).toEqual([])
})

test("the lockfile guard fires on a tarball address", () => {
  expect(lockedHosts("resolution: {integrity: sha512-x, tarball: https://example.org/a.tgz}")).toHaveLength(1)
})
