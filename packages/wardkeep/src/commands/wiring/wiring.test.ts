import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Script } from "node:vm"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { type FrameworkName, frameworks } from "./frameworks.js"
import { type OrmName, orms } from "./orms.js"
import type { Language } from "./source.js"
import { detectStack, prismaClientAt, type Stack } from "./stack.js"
import { wiringFor } from "./wiring.js"

async function application(manifest: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await emptyFolder()
  for (const [name, text] of Object.entries({ "package.json": manifest, ...more })) {
    await mkdir(join(folder, name, ".."), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}
const of = (...names: string[]): string =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, "1"])) })

describe("what an application is made of", () => {
  it("is told by package.json, and nothing where there is none", async () => {
    expect(detectStack(await emptyFolder())).toBe(undefined)
    expect(detectStack(await application(of("express", "next", "drizzle-orm", "typescript", "knex", "pg")))).toEqual({
      framework: "next",
      orm: "drizzle",
      typescript: true,
      modules: "esm",
      others: ["Express", "Knex"],
      missing: ["wardkeep"],
      outside: [],
    })
    const development = JSON.stringify({
      type: "module",
      devDependencies: { typescript: "5", prisma: "7" },
      dependencies: { express: "5", wardkeep: "1" },
    })
    expect(detectStack(await application(development))).toMatchObject({
      framework: "express",
      orm: "prisma",
      modules: "esm",
      missing: ["@prisma/client", "@prisma/adapter-pg"],
    })
    for (const broken of ["{", "null"]) {
      const folder = await application(broken)
      expect(() => detectStack(folder)).toThrow(expect.objectContaining({ code: "WK009" }))
    }
  })

  it.each(Object.entries({ ...frameworks, ...orms }))(
    "recognises %s by each of its packages alone",
    async (name, known) => {
      for (const one of known.packages) {
        const stack = detectStack(await application(of(one)))
        expect([stack?.framework, stack?.orm].filter((found) => found !== undefined)).toEqual([name])
      }
    },
  )

  it("is TypeScript by its compiler, by a loader, or by its settings", async () => {
    const cases: [manifest: string, more: Record<string, string>, typescript: boolean][] = [
      [of("express"), {}, false],
      [of("express", "tsx"), {}, true],
      [of("express"), { "tsconfig.json": "{}" }, true],
    ]
    for (const [manifest, more, typescript] of cases)
      expect(detectStack(await application(manifest, more))).toMatchObject({ typescript, modules: "commonjs" })
  })

  it("says of a driver that no adapter can fence, where nothing else stands before it", async () => {
    expect(detectStack(await application(of("postgres")))).toMatchObject({ orm: undefined, outside: ["postgres"] })
    expect(detectStack(await application(of("postgres", "drizzle-orm")))).toMatchObject({ outside: [] })
  })

  it("finds the client that Prisma makes, and no other generator's work", async () => {
    const generator = (name: string, provider: string, output = "") =>
      `generator ${name} {\n  provider = "${provider}"\n${output && `  output = "${output}"\n`}}\n`
    const diagram = generator("diagram", "prisma-diagram", "../docs/diagram")
    const cases: [schema: string, at: readonly [string, string] | undefined][] = [
      [diagram + generator("client", "prisma-client", "../generated"), ["generated", "prisma-client"]],
      [generator("client", "prisma-client-js", "./made"), ["prisma/made", "prisma-client-js"]],
      [generator("client", "prisma-client-js"), undefined],
      [diagram, undefined],
    ]
    for (const [schema, at] of cases) {
      const folder = await application(of("express"), { "prisma/schema.prisma": schema })
      expect(prismaClientAt(folder)).toEqual(at && { folder: join(folder, at[0]), generator: at[1] })
    }
    expect(prismaClientAt(await emptyFolder())).toBe(undefined)
  })
})

const where = {
  folder: "/app/src",
  policy: "clinic.policy.ts",
  prisma: { folder: "/app/generated", generator: "prisma-client" },
} as const
const stack: Stack = {
  framework: "express",
  orm: "prisma",
  typescript: true,
  modules: "esm",
  others: [],
  missing: [],
  outside: [],
}

describe("the wiring", () => {
  it("imports what is there, as each framework wants it", () => {
    const express = wiringFor(stack, "typescript", where).text
    expect(express).toContain('from "../generated/client.js"')
    expect(express).toContain('from "./clinic.policy.js"')
    const next = wiringFor({ ...stack, framework: "next" }, "typescript", where).text
    expect(next).toContain('from "../generated/client"')
    expect(next).toContain('from "./clinic.policy"')
    expect(wiringFor(stack, "typescript", { ...where, prisma: undefined }).text).toContain('from "@prisma/client"')
    const esm = wiringFor(stack, "esm", { ...where, policy: "clinic.policy.mjs" })
    expect(esm.text).toContain('from "./clinic.policy.mjs"')
    expect(esm.text).toContain('from "../generated/index.js"')
    expect(esm.steps.join("\n")).toContain('name "prisma-client-js"')
    const bare = wiringFor({ ...stack, orm: undefined }, "typescript", where)
    expect(bare.text).not.toMatch(/prisma|drizzle/i)
    expect(bare.steps).toContain("ask with the db of this file in place of your pg.Pool: db.query(text, values)")
  })

  it("says what is left to install, to keep out of the bundle, and to ask elsewhere", () => {
    const steps = wiringFor(
      { ...stack, framework: "next", orm: undefined, missing: ["wardkeep", "pg"], outside: ["postgres"] },
      "typescript",
      where,
    ).steps.join("\n")
    for (const said of ["npm install wardkeep pg", '["wardkeep"] in next.config', "postgres stays outside"])
      expect(steps).toContain(said)
    const knex = wiringFor({ ...stack, framework: "next", orm: "knex" }, "typescript", where)
    expect(knex.steps.join("\n")).toContain('["wardkeep", "knex"] in next.config')
  })

  it("calls in its steps what it exports, as it exports it", () => {
    for (const [framework, orm] of pairs) {
      const { text, steps } = wiringFor({ ...stack, framework, orm }, "typescript", where)
      const issuer = framework === "next" ? "issuer()" : "issuer"
      expect(steps.join("\n")).toContain(`await ${issuer}.issueSession`)
      expect(text).toContain(`await ${issuer}.issueSession`)
      const names =
        framework === "next" ? ["clinic"] : framework === undefined ? ["inContext"] : ["inContext", "refusals"]
      const db = orm === "typeorm" || orm === "mikroorm" ? "dbWith" : "db"
      for (const name of [...names, db]) {
        expect(steps.join("\n"), `${framework} ${orm}`).toMatch(new RegExp(`\\b${name}\\b`))
        expect(text, `${framework} ${orm}`).toMatch(new RegExp(`^export (const|async function) ${name}\\b`, "m"))
      }
    }
  })

  it.each(["typescript", "esm", "commonjs"] as const)(
    "is %s that parses, for each framework with each ORM",
    (language) => {
      expect(pairs).toHaveLength((Object.keys(frameworks).length + 1) * (Object.keys(orms).length + 1))
      for (const [framework, orm] of pairs) {
        // Next has ES modules only.
        if (framework === "next" && language === "commonjs") continue
        const { text } = wiringFor({ ...stack, framework, orm }, language, where)
        expect(faults(text, language), text).toEqual([])
      }
    },
  )

  it("is not taken for JavaScript where it is TypeScript, nor for a script where it is a module", () => {
    const { text } = wiringFor(stack, "typescript", where)
    expect(faults(text, "esm")).not.toEqual([])
    expect(faults(wiringFor(stack, "esm", where).text, "commonjs")).not.toEqual([])
  })
})

const pairs = [undefined, ...(Object.keys(frameworks) as FrameworkName[])].flatMap((framework) =>
  [undefined, ...(Object.keys(orms) as OrmName[])].map((orm) => [framework, orm] as const),
)

/** What does not parse; of JavaScript also what only TypeScript has. */
function faults(text: string, language: Language): string[] {
  if (language === "commonjs") {
    try {
      new Script(`(function (require, module) {${text}\n})`)
      return []
    } catch (error) {
      return [String(error)]
    }
  }
  const fileName = language === "typescript" ? "wardkeep.ts" : "wardkeep.js"
  const asked = {
    fileName,
    reportDiagnostics: true,
    compilerOptions: { allowJs: true, target: ts.ScriptTarget.ES2022 },
  }
  return (ts.transpileModule(text, asked).diagnostics ?? []).map(({ messageText }) => String(messageText))
}
