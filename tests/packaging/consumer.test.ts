import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, inject, test } from "vitest"
import { execute, mustSucceed } from "./execute.ts"
import { add, consumer, installed } from "./install.ts"
import { root } from "./pack.ts"

/** `npm i wardkeep` brings pg (which brings a dozen), zod, commander and our own packages. More is a decision. */
const mostPackages = 30

const tarballs = inject("packedTarballs")
let project = ""
let atFirst: ReturnType<typeof installed>

beforeAll(async () => {
  project = await consumer(tarballs)
  atFirst = installed(project)
  // What the optional peers and a TypeScript user would add.
  await add(project, ["cls-hooked@4.2.2", "@types/cls-hooked@4.3.9", "@types/pg@8.23.1", "@types/node@20.19.43"])
})

afterAll(() => rm(project, { recursive: true, force: true }))

const subpaths = () =>
  tarballs.flatMap(({ manifest }) =>
    Object.keys(manifest.exports)
      .filter((path) => !/package\.json|\*/.test(path))
      .map((path) => manifest.name + path.slice(1)),
  )

async function exportsSeen(file: string, load: (name: string) => string): Promise<Record<string, string[]>> {
  const body = subpaths().map((name) => `seen[${JSON.stringify(name)}] = Object.keys(${load(name)}).sort()`)
  const text = `(async () => {\nconst seen = {}\n${body.join("\n")}\nconsole.log(JSON.stringify(seen))\n})()\n`
  await writeFile(join(project, file), text)
  return JSON.parse(await mustSucceed(process.execPath, [file], project)) as Record<string, string[]>
}

const withoutInterop = (names: string[] = []) =>
  names.filter((name) => !["default", "module.exports", "__esModule"].includes(name))

test("one install brings few packages, and none of them runs a script", () => {
  process.stdout.write(`npm i wardkeep installs ${atFirst.names.length} packages\n`)
  expect(atFirst.names.length, atFirst.names.join("\n")).toBeLessThanOrEqual(mostPackages)
  expect(atFirst.withScripts).toEqual([])
})

test("every subpath can be imported and required, and gives the same names", async () => {
  const esm = await exportsSeen("all.mjs", (name) => `await import("${name}")`)
  const cjs = await exportsSeen("all.cjs", (name) => `require("${name}")`)
  expect(Object.keys(esm)).toEqual(subpaths())
  for (const name of subpaths()) expect(withoutInterop(cjs[name]), name).toEqual(withoutInterop(esm[name]))
})

/** What the compiler says of a project with both kinds of module and one file that is wrong: one run, since each takes long. */
async function compiled(): Promise<string[]> {
  const lines = subpaths().map((name, index) => `import * as m${index} from "${name}"\nexport { m${index} }\n`)
  for (const file of ["types.mts", "types.cts"]) await writeFile(join(project, file), lines.join(""))
  await writeFile(join(project, "wrong.mts"), 'import { nothingOfTheKind } from "wardkeep"\nnothingOfTheKind()\n')
  const options = { strict: true, noEmit: true, module: "NodeNext", target: "ES2022", types: ["node"] }
  const config = { compilerOptions: options, files: ["types.mts", "types.cts", "wrong.mts"] }
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config))
  const { stdout } = await execute(process.execPath, [join(root, "node_modules/typescript/bin/tsc")], project)
  return stdout.split("\n").filter((line) => line !== "")
}

test("a TypeScript project compiles against every subpath, as ESM and as CommonJS, and a name that is not exported is refused", async () => {
  expect(await compiled()).toEqual([
    expect.stringMatching(/^wrong\.mts\(1,10\): error TS2305: .* has no exported member 'nothingOfTheKind'\.$/),
  ])
})

test("adapters are part of what one install brings, and none of the libraries is", () => {
  const adapters = subpaths().filter((name) => name.startsWith("@wardkeep/adapters/"))
  expect(adapters.length).toBeGreaterThan(0)
  for (const name of adapters) expect(subpaths()).toContain(name.replace("@wardkeep/adapters", "wardkeep"))
  const libraries = /node_modules\/(express|fastify|hono|knex|kysely|drizzle-orm|@prisma|sequelize|typeorm)(\/|$)/
  expect(atFirst.names.filter((path) => libraries.test(path))).toEqual([])
})

test("the command line starts and explains itself", async () => {
  const bin = join(project, "node_modules/.bin/wardkeep")
  const { code, stdout } = await execute(bin, ["--help"], project)
  expect(code).toBe(0)
  expect(stdout).toContain("Usage: wardkeep")
})
