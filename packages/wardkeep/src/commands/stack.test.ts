import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { detectStack, prismaModule } from "./stack.js"
import { wiringFor } from "./wiring.js"

async function application(manifest: string, schema?: string): Promise<string> {
  const folder = await emptyFolder()
  await writeFile(join(folder, "package.json"), manifest)
  if (schema !== undefined) {
    await mkdir(join(folder, "prisma"))
    await writeFile(join(folder, "prisma/schema.prisma"), schema)
  }
  return folder
}
const of = (...names: string[]): string =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, "1"])) })

describe("what an application is made of", () => {
  it("is told by package.json, and nothing where there is none", async () => {
    expect(detectStack(await emptyFolder())).toEqual({
      framework: undefined,
      orm: undefined,
      typescript: false,
      others: [],
    })
    expect(detectStack(await application(of("express", "next", "drizzle-orm", "typescript", "knex")))).toEqual({
      framework: "next",
      orm: "drizzle",
      typescript: true,
      others: ["knex"],
    })
    const development = JSON.stringify({
      devDependencies: { typescript: "5", prisma: "7" },
      dependencies: { express: "5" },
    })
    expect(detectStack(await application(development))).toMatchObject({ framework: "express", orm: "prisma" })
    for (const broken of ["{", "null"]) {
      const folder = await application(broken)
      expect(() => detectStack(folder)).toThrow(expect.objectContaining({ code: "WK009" }))
    }
  })

  it("finds the client that Prisma makes, and no other generator's work", async () => {
    const generator = (name: string, provider: string, output = "") =>
      `generator ${name} {\n  provider = "${provider}"\n${output && `  output = "${output}"\n`}}\n`
    const diagram = generator("diagram", "prisma-diagram", "../docs/diagram")
    const cases: [schema: string, module: string | undefined][] = [
      [diagram + generator("client", "prisma-client", "../generated"), "generated/client"],
      [generator("client", "prisma-client-js", "./made"), "prisma/made/index"],
      [generator("client", "prisma-client-js"), undefined],
      [diagram, undefined],
    ]
    for (const [schema, module] of cases) {
      const folder = await application(of("express"), schema)
      expect(prismaModule(folder)).toBe(module && join(folder, module))
    }
    expect(prismaModule(await emptyFolder())).toBe(undefined)
  })
})

describe("the wiring", () => {
  const where = { folder: "/app/src", policy: "clinic.policy", prismaModule: "/app/generated/client" }
  const stack = { framework: "express", orm: "prisma", typescript: true, others: [] } as const

  it("imports what is there, as each framework wants it", () => {
    const express = wiringFor(stack, where)?.text
    expect(express).toContain('from "../generated/client.js"')
    expect(express).toContain('from "./clinic.policy.js"')
    const next = wiringFor({ ...stack, framework: "next" }, where)?.text
    expect(next).toContain('from "../generated/client"')
    expect(next).toContain('from "./clinic.policy"')
    expect(wiringFor(stack, { ...where, prismaModule: undefined })?.text).toContain('from "@prisma/client"')
    const bare = wiringFor({ ...stack, orm: undefined }, where)
    expect(bare?.text).not.toMatch(/prisma|drizzle/i)
    expect(bare?.steps).toContain("ask with wk.query instead of your pool")
  })

  it("calls the issuer in its steps as it exports it", () => {
    for (const framework of ["express", "next"] as const) {
      const { text = "", steps = [] } = wiringFor({ ...stack, framework }, where) ?? {}
      const [, called = ""] = /await (issuer\S*)\.issueSession/.exec(steps.join("\n")) ?? []
      expect(text).toContain(`await ${called}.issueSession`)
      expect(text).toContain(
        called === "issuer()" ? "export const issuer = (): Issuer" : "export const issuer = createIssuer",
      )
    }
  })

  it("is not written for JavaScript, nor for another framework", () => {
    expect(wiringFor({ ...stack, typescript: false }, where)).toBe(undefined)
    expect(wiringFor({ ...stack, framework: undefined, others: ["hono"] }, where)).toBe(undefined)
  })
})
