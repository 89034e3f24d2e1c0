import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import {
  type Imported,
  type Language,
  moduleText,
  type Part,
} from "../../packages/wardkeep/src/commands/wiring/source.ts"
import { callCli } from "../cli/call-cli.ts"
import { prismaGenerate } from "../fixture/prisma-client.ts"
import { asked, type Code, served } from "./stack-programs.ts"

interface Cell {
  readonly framework: keyof typeof served
  readonly orm: keyof typeof asked
  readonly language: Language
  /** What its package.json lists besides. */
  readonly packages: readonly string[]
  readonly module?: "module"
}

/** Every framework, every ORM and every kind of module; Express with Prisma in TypeScript is the application of the guide. */
export const cells = {
  "nest-typeorm": {
    framework: "nestjs",
    orm: "typeorm",
    language: "typescript",
    packages: ["@nestjs/core", "typeorm", "pg"],
  },
  "hono-drizzle": {
    ...{ framework: "hono", orm: "drizzle", language: "esm", module: "module" },
    packages: ["hono", "drizzle-orm", "pg"],
  },
  "fastify-knex": {
    framework: "fastify",
    orm: "knex",
    language: "esm",
    module: "module",
    packages: ["fastify", "knex"],
  },
  "koa-mikroorm": {
    ...{ framework: "none", orm: "mikroorm", language: "esm", module: "module" },
    packages: ["koa", "@mikro-orm/core", "@mikro-orm/postgresql"],
  },
  "hono-kysely": {
    ...{ framework: "hono", orm: "kysely", language: "typescript", module: "module" },
    packages: ["hono", "kysely"],
  },
  "express-sequelize": {
    framework: "express",
    orm: "sequelize",
    language: "commonjs",
    packages: ["express", "sequelize"],
  },
  "fastify-prisma": {
    framework: "fastify",
    orm: "prisma",
    language: "commonjs",
    packages: ["fastify", "@prisma/client"],
  },
  "koa-pg": { framework: "none", orm: "pg", language: "commonjs", packages: ["koa", "slonik"] },
} as const satisfies Readonly<Record<string, Cell>>

/** What somebody adds to what `init` wrote: the three questions, asked by a browser with a cookie and by one without. */
function appText({ framework, orm, language }: Cell): string {
  const [server, db]: readonly Code[] = [served[framework], asked[orm]]
  const imports: Imported[] = [
    { from: "node:events", names: ["once"] },
    { from: "node:net", types: ["AddressInfo"] },
    ...(server?.imports ?? []),
    ...(db?.imports ?? []),
    { from: "./wardkeep.js", names: ["issuer", "sessions", "wk", ...(server?.takes ?? []), ...(db?.takes ?? [])] },
  ]
  const part: Part = (type) => `export const answers = async () => {
  const { CLINIC, ANNA_NAGAR, VELACHERY } = process.env${type(" as Record<string, string>")}
  const assignments = [{ tenant: CLINIC, branches: [ANNA_NAGAR], role: "staff" }]
  sessions.set("1", await issuer.issueSession({ actor: "asha", assignments, ttl: 600 }))${db?.text}${server?.text}
  const ask = async (path${type(": string")}, cookie = "sid=1") => {
    const { port } = server.address()${type(" as AddressInfo")}
    const url = "http://127.0.0.1:" + port + path
    const answer = await fetch(url, { headers: { cookie, connection: "close" } })
    return [answer.status, await answer.json()]
  }
  const all = [await ask("/patients"), await ask("/elsewhere"), await ask("/patients", "")]
  server.close()
  await Promise.all([wk.close(), issuer.close()])
  return all
}
`
  return moduleText(language, imports, part)
}

const models = `generator client {
  provider = "prisma-client-js"
  output   = "../generated"
}
datasource db {
  provider = "postgresql"
}
model patient {
  branch_id String @db.Uuid
  id        String @id @db.Uuid
  full_name String
}
`

/** An application of each stack below `parent`, and `wardkeep init` in it. The names of what is to be compiled. */
export async function initStacks(
  parent: string,
  env: Readonly<Record<string, string>>,
  deployment: string,
): Promise<string[]> {
  const compiled: string[] = []
  for (const [name, cell] of Object.entries<Cell>(cells)) {
    const folder = join(parent, name)
    const ending = cell.language === "typescript" ? "ts" : "js"
    const dependencies = Object.fromEntries([...cell.packages, "wardkeep"].map((one) => [one, "*"]))
    const devDependencies = ending === "ts" ? { typescript: "*" } : {}
    await mkdir(join(folder, "prisma"), { recursive: true })
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: cell.module, dependencies, devDependencies }))
    if (cell.orm === "prisma") await writeFile(join(folder, "prisma/schema.prisma"), models)
    const ran = await callCli(folder, ["init", "--yes"], env)
    if (ran.code !== 0) throw new Error(`${name}: ${ran.stderr}`)
    const policy = join(folder, `wardkeep.policy.${ending}`)
    const text = await readFile(policy, "utf8")
    // Roles belong to the whole cluster, so this run cannot be called `main`.
    await writeFile(policy, text.replace("{\n", `{\n  deployment: "${deployment}",\n`))
    if (cell.orm === "prisma") prismaGenerate(folder, import.meta.url)
    await writeFile(join(folder, `app.${ending}`), appText(cell))
    compiled.push(...(ending === "ts" ? [`${name}/app.ts`, `${name}/wardkeep.ts`] : [await typed(name, folder, env)]))
  }
  await writeFile(join(parent, "stacks.js"), allText)
  return compiled
}

/** What it writes in TypeScript for an application in JavaScript that asks for that: compiled, and not run. */
async function typed(name: string, folder: string, env: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(folder, "typed"))
  const ran = await callCli(folder, ["init", "--yes", "--out", "typed/wardkeep.policy.ts"], env)
  if (ran.code !== 0) throw new Error(`${name}: ${ran.stderr}`)
  return `${name}/typed/wardkeep.ts`
}

/** All in one process: what takes the time is to load them. */
const allText = `const all = {}
for (const name of process.argv.slice(2)) {
  const app = await import("./" + name + "/app.js")
  all[name] = await (app.answers ?? app.default.answers)()
}
console.log(JSON.stringify(all))
`
