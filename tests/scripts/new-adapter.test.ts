import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { expect, test } from "vitest"
import { newAdapter } from "./new-adapter.mjs"

const root = fileURLToPath(new URL("../..", import.meta.url))
const options = { name: "pgdirect", library: "pg", version: "8.23.1" }
const made = () => newAdapter(root, options) as Map<string, string>

test("an adapter comes with folder, subpaths, peer, contract and a place in the guide", () => {
  const files = made()
  for (const path of ["packages/adapters/package.json", "packages/wardkeep/package.json"]) {
    const { exports, publishConfig, peerDependencies, peerDependenciesMeta } = JSON.parse(files.get(path)!)
    expect(exports["./pgdirect"]["@wardkeep/source"]).toMatch(/^\.\/src\//)
    expect(Object.keys(exports).at(-1)).toBe("./package.json")
    expect(publishConfig.exports["./pgdirect"]).toEqual({
      import: exports["./pgdirect"].import,
      require: exports["./pgdirect"].require,
    })
    expect([peerDependencies.pg, peerDependenciesMeta.pg]).toEqual(["^8.23.0", { optional: true }])
  }
  expect(files.get("tests/contracts/adapters/orms/index.ts")).toMatch(
    /import \{ pgdirectSubject \}.* {2}pgdirectSubject,\n\]/s,
  )
  expect(files.get("docs/guides/orms.md")).toContain("## pg\n")
  for (const [path, text] of files) {
    if (!path.endsWith(".ts")) continue
    const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true, fileName: path })
    expect(diagnostics, path).toEqual([])
  }
})

test("it fails the contract until it is written, and says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wardkeep-new-adapter-"))
  for (const path of ["packages/adapters/src/pgdirect/index.ts", "tests/contracts/adapters/orms/pgdirect.ts"]) {
    // The subject imports the adapter by its subpath, which only an installation knows.
    const text = made()
      .get(path)!
      .replace("@wardkeep/adapters/pgdirect", join(folder, "packages/adapters/src/pgdirect/index.ts"))
    const peer = text.replace("../peer.js", join(root, "packages/adapters/src/peer.ts"))
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), peer)
  }
  const { pgdirectSubject } = await import(join(folder, "tests/contracts/adapters/orms/pgdirect.ts"))
  rmSync(folder, { recursive: true })
  // Every case of the contract needs what `open` returns.
  expect(() => pgdirectSubject.open({ pool: new Map() })).toThrow(/does nothing yet with Map/)
})

test("refuses what is there, and what is no name, package or version", () => {
  expect(() => newAdapter(root, { ...options, name: "knex" })).toThrow(/is there already/)
  expect(() => newAdapter(root, { ...options, name: "../x" })).toThrow(/small letters/)
  expect(() => newAdapter(root, { ...options, library: "A b" })).toThrow(/not a package/)
  expect(() => newAdapter(root, { ...options, version: "^1.0.0" })).toThrow(/exact/)
  expect(readFileSync(join(root, "tests/package.json"), "utf8")).not.toContain("pgdirect")
})
