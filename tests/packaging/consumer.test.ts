import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { execute, mustSucceed } from "./execute.ts"
import { add, consumer, installed } from "./install.ts"
import { packAll, root, type Tarball } from "./pack.ts"

/** `npm i wardkeep` brings pg (which brings a dozen), zod, commander and our own packages. More is a decision. */
const mostPackages = 30

let project = ""
let tarballs: readonly Tarball[] = []
let atFirst: ReturnType<typeof installed>
const folders: string[] = []

beforeAll(async () => {
  const packed = await packAll()
  tarballs = packed.tarballs
  project = await consumer(tarballs)
  folders.push(packed.folder, project)
  atFirst = installed(project)
  // What the optional peers and a TypeScript user would add.
  await add(project, ["cls-hooked@4.2.2", "@types/cls-hooked@4.3.9", "@types/pg@8.23.1", "@types/node@20.19.43"])
})

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

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

test("a TypeScript project compiles against every subpath, as ESM and as CommonJS", async () => {
  const lines = subpaths().map((name, index) => `import * as m${index} from "${name}"\nexport { m${index} }\n`)
  for (const file of ["types.mts", "types.cts"]) await writeFile(join(project, file), lines.join(""))
  const options = { strict: true, noEmit: true, module: "NodeNext", target: "ES2022", types: ["node"] }
  const config = { compilerOptions: options, files: ["types.mts", "types.cts"] }
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config))
  const { stdout } = await execute(process.execPath, [join(root, "node_modules/typescript/bin/tsc")], project)
  expect(stdout).toBe("")
})

test("adapters are part of what one install brings, and none of the libraries is", () => {
  const adapters = subpaths().filter((name) => name.startsWith("@wardkeep/adapters/"))
  expect(adapters.length).toBeGreaterThan(0)
  for (const name of adapters) expect(subpaths()).toContain(name.replace("@wardkeep/adapters", "wardkeep"))
  const libraries = /node_modules\/(express|fastify|hono|knex|kysely|drizzle-orm|@prisma|sequelize|typeorm)(\/|$)/
  expect(atFirst.names.filter((path) => libraries.test(path))).toEqual([])
})

test("the compile guard fires on a name that is not exported", async () => {
  await writeFile(join(project, "wrong.mts"), 'import { nothingOfTheKind } from "wardkeep"\nnothingOfTheKind()\n')
  const args = [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "--module", "NodeNext", "wrong.mts"]
  const { code, stdout } = await execute(process.execPath, args, project)
  expect(code).not.toBe(0)
  expect(stdout).toContain("nothingOfTheKind")
})

test("the command line starts and explains itself", async () => {
  const bin = join(project, "node_modules/.bin/wardkeep")
  const { code, stdout } = await execute(bin, ["--help"], project)
  expect(code).toBe(0)
  expect(stdout).toContain("Usage: wardkeep")
})
