import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { contentFindings, publintFindings, typeFindings } from "./inspect.ts"
import { plantedTarball, type Tarball } from "./pack.ts"

const tarballs = inject("packedTarballs")
let planted: Tarball
let folder = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wardkeep-planted-"))
  const manifest = {
    name: "planted",
    version: "1.0.0",
    type: "module",
    scripts: { postinstall: "node x.js" },
    dependencies: { "@wardkeep/core": "workspace:*" },
    exports: { ".": { types: "./dist/missing.d.ts", import: "./dist/missing.js" } },
  }
  planted = await plantedTarball(folder, {
    "package.json": JSON.stringify(manifest),
    "src/index.ts": "export {}\n",
    "sql/objects/lost.sql": "select 1;\n",
  })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function findings(check: (tarball: Tarball) => string[] | Promise<string[]>): Promise<string[]> {
  const found = await Promise.all(
    tarballs.map(async (tarball) => (await check(tarball)).map((text) => `${tarball.manifest.name}: ${text}`)),
  )
  return found.flat()
}

test("every public package is packed", () => {
  expect(tarballs.map(({ manifest }) => manifest.name)).toEqual(
    expect.arrayContaining(["@wardkeep/core", "@wardkeep/postgres", "wardkeep"]),
  )
})

test("tarballs hold all SQL and the licence, and neither sources nor install scripts", async () => {
  expect(await findings(contentFindings)).toEqual([])
})

test("publint accepts every tarball", async () => {
  expect(await findings(publintFindings)).toEqual([])
})

test("the types of every subpath resolve as ESM, as CommonJS and in bundlers", async () => {
  expect(await findings(typeFindings)).toEqual([])
})

test("the content guard fires", () => {
  const withoutSql = { ...planted, entries: planted.entries.filter((entry) => !entry.startsWith("sql/")) }
  expect(contentFindings(withoutSql)).toEqual([
    "sql/objects/lost.sql is not packed",
    "src/index.ts is packed",
    "runs postinstall on install",
    "manifest says workspace:",
    "LICENSE is not packed",
  ])
})

test("the publint and type guards fire on a file that is not there", async () => {
  expect(await publintFindings(planted)).not.toEqual([])
  expect(await typeFindings(planted)).not.toEqual([])
})
