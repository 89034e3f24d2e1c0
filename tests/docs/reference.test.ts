import { readdirSync } from "node:fs"
import { loadLaw } from "@wardkeep/consent"
import { codes } from "@wardkeep/core"
import { expect, test } from "vitest"
import { buildProgram } from "../../packages/wardkeep/src/cli/program.ts"
import { services } from "../../packages/wardkeep/src/managed/index.ts"
import { page } from "../../packages/wardkeep/src/managed/render.ts"
import { adaptersPage } from "./adapters-page.ts"
import { lawPage } from "./law-page.ts"
import { cliPage, errorsPage } from "./pages.ts"

const docs = new URL("../../docs/", import.meta.url)
const file = (name: string) => new URL(name, docs).pathname

// Each of these fails when the page is not what its source says; `npm run docs` writes them again.

test("docs/reference/errors.md is what the catalogue says, one anchor for every code", async () => {
  const text = errorsPage()
  for (const code of Object.keys(codes)) expect(text).toContain(`\n### ${code}\n`)
  await expect(text).toMatchFileSnapshot(file("reference/errors.md"))
})

test("docs/reference/cli.md is what --help prints", async () => {
  const silent = { out: () => undefined, err: () => undefined, paint: (_: string, text: string) => text }
  const { env, stdin, stdout, stderr } = process
  const program = buildProgram({
    surroundings: { env, folder: "", stdin, stdout, stderr },
    output: silent,
    exitWith: () => undefined,
  })
  const text = cliPage(program)
  for (const command of program.commands) expect(text).toContain(`## wardkeep ${command.name()}`)
  await expect(text).toMatchFileSnapshot(file("reference/cli.md"))
})

test("docs/reference/adapters.md is what the contract suite demands of each adapter", async () => {
  await expect(adaptersPage()).toMatchFileSnapshot(file("reference/adapters.md"))
})

test("docs/reference/law.md is what the rules say", async () => {
  await expect(lawPage(loadLaw())).toMatchFileSnapshot(file("reference/law.md"))
})

test("the pages of docs/managed are what doctor prints, one for every service", async () => {
  for (const service of services) await expect(page(service)).toMatchFileSnapshot(file(`managed/${service.id}.md`))
  const expected = services.map(({ id }) => `${id}.md`).sort()
  expect(readdirSync(new URL("managed/", docs)).sort()).toEqual(expected)
})

test("no service claims to be tested there: what was tried names a file, what was read names its source", () => {
  for (const { id, verified, assumed } of services) {
    expect(verified.length, id).toBeGreaterThan(0)
    for (const fact of verified) expect(fact, id).toMatchObject({ grade: "tested", source: expect.any(String) })
    for (const fact of assumed) {
      expect(fact.grade, id).not.toBe("tested")
      if (fact.grade === "read") expect(fact.source, id).toBeDefined()
    }
  }
})
