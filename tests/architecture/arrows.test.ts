import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { expect, test, vi } from "vitest"
import { root } from "./repository.ts"

// Reads the whole tree once more: nothing else in this stage takes as long.
vi.setConfig({ testTimeout: 240_000 })

const execute = promisify(execFile)

/** Files to plant, by path, in a copy of the tree. */
type Planted = Readonly<Record<string, string>>

/** Rules broken in the copy, each named once with the file that breaks it. */
async function broken(planted: Planted): Promise<string[]> {
  const copy = await mkdtemp(join(tmpdir(), "wardkeep-arrows-"))
  try {
    await copyTree(copy)
    for (const [path, text] of Object.entries(planted)) {
      await mkdir(dirname(join(copy, path)), { recursive: true })
      await writeFile(join(copy, path), text)
    }
    const args = ["--config", "tests/config/dependency-cruiser.cjs", "--output-type", "json", "packages", "examples"]
    const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs")
    const { stdout } = await execute(process.execPath, [cruiser, ...args], { cwd: copy, maxBuffer: 2 ** 28 })
    const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } }
    return [...new Set(summary.violations.map(({ rule, from }) => `${rule.name} ${from}`))].sort()
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function copyTree(copy: string): Promise<void> {
  // The check reads the tests as well; here they would be half of the work.
  const filter = (path: string): boolean => !path.endsWith("/dist") && !path.endsWith(".test.ts")
  const keep = { recursive: true, verbatimSymlinks: true, filter }
  await mkdir(join(copy, "tests/config"), { recursive: true })
  await cp(join(root, "packages"), join(copy, "packages"), keep)
  await cp(join(root, "examples"), join(copy, "examples"), keep)
  await cp(join(root, "tests/config"), join(copy, "tests/config"), keep)
  await cp(join(root, "tsconfig.base.json"), join(copy, "tsconfig.base.json"))
  await symlink(join(root, "node_modules"), join(copy, "node_modules"))
  for (const name of await readdir(join(root, "tests"))) {
    if (name !== "config") await symlink(join(root, "tests", name), join(copy, "tests", name))
  }
}

const against: Planted = {
  "packages/core/src/planted.ts": 'export * from "@wardkeep/postgres"\n',
  "packages/postgres/src/planted.ts": 'export * from "../../wardkeep/src/index.ts"\n',
  "packages/conformance/src/planted.ts": 'export * from "../../postgres/src/index.ts"\n',
  "packages/permissions/src/planted.ts": 'export * from "../../audit/src/planted.ts"\n',
  "packages/audit/src/planted.ts": 'export * from "../../consent/src/planted.ts"\n',
  "packages/consent/src/planted.ts": 'export * from "../../adopt/src/planted.ts"\n',
  "packages/adopt/src/planted.ts": 'export * from "../../adapters/src/planted.ts"\n',
  "packages/adapters/src/planted.ts": 'export * from "../../consent/src/planted.ts"\n',
  "packages/surprise/src/planted.ts": 'export * from "../../core/src/index.ts"\n',
}

const refused = [
  ["core-is-pure", "packages/core/src", "node:fs"],
  ["core-is-pure", "packages/core/src", "pg"],
  ["permissions-is-pure", "packages/permissions/src", "node:crypto"],
  ["permissions-is-pure", "packages/permissions/src", "zod"],
  ["migrations-behind-one-door", "packages/postgres/src/client", "postgres-migrations"],
  ["tests-stay-out-of-source", "packages/postgres/src", "#tests/config/legs.mjs"],
  ["examples-use-what-users-install", "examples/express-clinic/src", "@wardkeep/postgres"],
  ["resolvable", "packages/postgres/src", "left-pad"],
  ["declared", "packages/postgres/src", "pg-cursor"],
  ["verifier-shares-no-code", "packages/audit/src/verify", "../seal/note.js"],
] as const

const allowed: Planted = {
  "packages/postgres/src/migrate/planted.ts": 'export { migrate } from "postgres-migrations"\n',
  "packages/core/src/planted-zod.ts": 'export { z } from "zod"\n',
}

test("each rule fires on the one file that breaks it, imports against the arrows are refused, and nothing else is", async () => {
  const one = refused.map(([rule, folder, module], n) => ({ rule, module, path: `${folder}/planted${n}.ts` }))
  const text = (module: string): string => `import * as planted from "${module}"\nexport default planted\n`
  const planted = { ...against, ...Object.fromEntries(one.map(({ path, module }) => [path, text(module)])) }
  const found = await broken({ ...planted, ...allowed })
  expect(one.filter(({ rule, path }) => !found.includes(`${rule} ${path}`))).toEqual([])
  const ofArrows = found.flatMap((line) => (line.endsWith("/planted.ts") ? [line.slice(0, line.indexOf(" "))] : []))
  expect(ofArrows).toEqual(
    expect.arrayContaining([
      "arrow-adapters",
      "arrow-adopt",
      "arrow-audit",
      "arrow-conformance",
      "arrow-consent",
      "arrow-core",
      "arrow-permissions",
      "arrow-postgres",
      "no-cycles",
      "package-unknown",
    ]),
  )
  // The one door may import postgres-migrations, core may import zod, and what is there breaks no rule.
  expect(found.filter((line) => !Object.keys(planted).some((path) => line.endsWith(` ${path}`)))).toEqual([])
})
