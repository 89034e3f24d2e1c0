import { randomUUID } from "node:crypto"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { frameworks } from "../../packages/wardkeep/src/commands/wiring/frameworks.ts"
import { orms } from "../../packages/wardkeep/src/commands/wiring/orms.ts"
import { runCli } from "../cli/run-cli.ts"
import { connected } from "../fixture/clinic.ts"
import { prismaGenerate } from "../fixture/prisma-client.ts"
import { useDatabase } from "../harness/src/use-database.ts"
import { runnableSnippets } from "./extract.ts"
import { cells, initStacks } from "./stacks.ts"
import { compile, readDocument, run, workshop } from "./workshop.ts"

/** Documents that may hold runnable blocks; each block is a program of its own. */
const documents = [
  "README.md",
  "docs/guides/embed.md",
  "docs/guides/orms.md",
  "docs/guides/sign-in.md",
  "docs/guides/your-tests.md",
]

const database = useDatabase()
const clinic = { id: randomUUID(), annaNagar: randomUUID(), velachery: randomUUID() }
const deployment = `s${randomUUID().slice(0, 8)}`
let folder = ""
let env: Record<string, string> = {}

const login = (name: string, passwords: Record<string, string>) => {
  const user = `wk_${deployment}_${name}`
  return database.url({ user, password: passwords[user] ?? "" })
}

async function cli(args: readonly string[]): Promise<string> {
  const ran = await runCli(folder, args, env)
  expect(ran, args.join(" ")).toMatchObject({ code: 0, stderr: "" })
  return ran.stdout
}

/** As `npm init` and `prisma init` leave an application, with a model of what is there. */
async function freshApp(at: string): Promise<void> {
  const dependencies = { "@prisma/adapter-pg": "7", "@prisma/client": "7", express: "5", wardkeep: "*" }
  const manifest = { type: "module", private: true, dependencies, devDependencies: { typescript: "5" } }
  await writeFile(join(at, "package.json"), JSON.stringify(manifest))
  // Prisma writes its imports as the compiler's options want them.
  await writeFile(join(at, "tsconfig.json"), JSON.stringify({ compilerOptions: { module: "NodeNext" } }))
  await mkdir(join(at, "prisma"))
  await writeFile(
    join(at, "prisma/schema.prisma"),
    `generator client {
  provider = "prisma-client"
  output   = "../generated/prisma"
}
datasource db {
  provider = "postgresql"
}
model patient {
  clinic_id String @default(dbgenerated()) @db.Uuid
  branch_id String @default(dbgenerated()) @db.Uuid
  id        String @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  full_name String
  phone     String?
  @@id([clinic_id, branch_id, id])
}
`,
  )
}

/** What somebody adds to what `init` wrote. */
const program = `import { once } from "node:events"
import type { AddressInfo } from "node:net"
import express from "express"
import { db, inContext, issuer, refusals, sessions, wk } from "./wardkeep.js"

const { CLINIC, ANNA_NAGAR, VELACHERY } = process.env as Record<string, string>
const assignments = [{ tenant: CLINIC, branches: [ANNA_NAGAR], role: "staff" }]
sessions.set("1", await issuer.issueSession({ actor: "asha", assignments, ttl: 600 }))
const app = express()
app.use(inContext)
app.get("/patients", async (_request, response) => {
  response.json(await db.patient.findMany({ select: { full_name: true } }))
})
app.get("/velachery", async (_request, response) => {
  response.json(await db.patient.findMany({ where: { branch_id: VELACHERY } }))
})
app.use(refusals)
const server = app.listen(0)
await once(server, "listening")
const ask = async (path: string, cookie = "sid=1") => {
  const { port } = server.address() as AddressInfo
  const answer = await fetch("http://127.0.0.1:" + port + path, { headers: { cookie } })
  return [answer.status, await answer.json()]
}
console.log(JSON.stringify([await ask("/patients"), await ask("/velachery"), await ask("/patients", "")]))
server.close()
await Promise.all([db.$disconnect(), wk.close(), issuer.close()])
`

/** The README's own commands, on a database as a host would have it. */
beforeAll(async () => {
  folder = await workshop()
  await connected(database.ownerUrl, (client) =>
    client.query(`
      create table clinic (id uuid primary key, name text not null);
      create table branch (id uuid primary key, clinic_id uuid not null references clinic, name text not null);
      create table patient (clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid(),
        full_name text not null, phone text, primary key (clinic_id, branch_id, id));
      insert into clinic values ('${clinic.id}', 'Sanjivani');
      insert into branch values ('${clinic.annaNagar}', '${clinic.id}', 'Anna Nagar'), ('${clinic.velachery}', '${clinic.id}', 'Velachery');
      insert into patient (clinic_id, branch_id, full_name) values
        ('${clinic.id}', '${clinic.annaNagar}', 'Meera Nair'), ('${clinic.id}', '${clinic.velachery}', 'Arjun Rao');`),
  )
  env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  await freshApp(folder)
  expect(await cli(["init", "--yes"])).toContain("for Express and Prisma")
  prismaGenerate(folder, import.meta.url)
  await writeFile(join(folder, "app.ts"), program)
  const policy = await readFile(join(folder, "wardkeep.policy.ts"), "utf8")
  // Roles belong to the whole cluster, so this run cannot be called `main`.
  await writeFile(join(folder, "wardkeep.policy.ts"), policy.replace("{\n", `{\n  deployment: "${deployment}",\n`))
  const { generatedPasswords } = JSON.parse(await cli(["migrate", "--generate-passwords", "--json"]))
  await connected(database.ownerUrl, async (client) => {
    for (const table of ["clinic", "branch", "patient"])
      await client.query(`alter table ${table} owner to wk_${deployment}_owner`)
  })
  env.WARDKEEP_MIGRATOR_URL = login("migrator", generatedPasswords)
  await cli(["apply", "--yes"])
  const { generatedSecret } = JSON.parse(await cli(["key", "add", "k001", "--json"]))
  env = {
    ...env,
    DATABASE_URL: login("app", generatedPasswords),
    ISSUER_URL: login("issuer", generatedPasswords),
    SIGNING_KEY: generatedSecret,
    CLINIC: clinic.id,
    ANNA_NAGAR: clinic.annaNagar,
    VELACHERY: clinic.velachery,
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

// Compiles them together and starts a process for each; the limit is for what hangs.
const limit = 240_000
test("every runnable block of the documents compiles strictly and runs as a user would run it", {
  timeout: limit,
}, async () => {
  const blocks: { where: string; file: string }[] = []
  for (const document of documents) {
    for (const { where, text } of runnableSnippets(document, await readDocument(document))) {
      const file = `snippet-${blocks.length}`
      await writeFile(join(folder, `${file}.ts`), `${text}\n`)
      blocks.push({ where, file })
    }
  }
  // With what `init` wrote and the program around it: one compilation for all.
  const stacks = await initStacks(folder, { WARDKEEP_ADMIN_URL: database.ownerUrl }, deployment)
  const written = ["app.ts", "wardkeep.ts", "wardkeep.policy.ts", ...stacks]
  const compiled = await compile(folder, [...blocks.map(({ file }) => `${file}.ts`), ...written])
  expect(compiled, JSON.stringify(blocks)).toEqual({ code: 0, output: "" })
  const outputs: Record<string, string> = {}
  for (const { where, file } of blocks) {
    const ran = await run(folder, [`${file}.js`], env)
    expect(ran.code, `${where}\n${ran.output}`).toBe(0)
    expect(ran.output, where).not.toContain("Arjun Rao")
    outputs[where] = ran.output
  }
  const readme = Object.entries(outputs).find(([where]) => where.startsWith("README.md"))?.[1]
  expect(readme).toContain("Meera Nair")
  expect(readme).toContain("WK101")
  // Each ORM of the guide finds the one patient that the session may see.
  const orms = Object.entries(outputs).filter(([where]) => where.startsWith("docs/guides/orms.md"))
  expect(orms.length).toBeGreaterThan(0)
  for (const [where, output] of orms) expect(output, where).toContain("Meera Nair")
  const signIn = Object.entries(outputs).find(([where]) => where.startsWith("docs/guides/sign-in.md"))?.[1]
  expect(signIn).toContain("Meera Nair")
  expect(signIn).toContain("WK756")
  const stage = Object.entries(outputs).find(([where]) => where.startsWith("docs/guides/your-tests.md"))?.[1]
  expect(stage).toContain("Meera Nair")
  expect(stage).toContain("[]")
})

/** As step 7 of the guide names them. */
const surroundings = () => ({
  ...env,
  APP_DATABASE_URL: env.DATABASE_URL,
  ISSUER_DATABASE_URL: env.ISSUER_URL,
  WARDKEEP_KEY_ID: "k001",
  WARDKEEP_KEY: env.SIGNING_KEY,
})
const crossingRefused = [
  [200, [{ full_name: "Meera Nair" }]],
  [200, []],
  [401, expect.objectContaining({ code: "WK101" })],
]

test("what init wrote for Express and Prisma answers for one's own branch, and refuses the other", async () => {
  const ran = await run(folder, ["app.js"], surroundings())
  expect(ran.code, ran.output).toBe(0)
  expect(JSON.parse(ran.output)).toEqual(crossingRefused)
  const unset = await run(folder, ["app.js"])
  expect(unset).toMatchObject({ code: 1, output: expect.stringContaining("set APP_DATABASE_URL") })
})

test("what init wrote for every other framework, ORM and kind of module does so, too", async () => {
  // Next is compiled by `npm run next`; `none` is where there is no framework.
  const wired = Object.values(cells)
  const tried = new Set<string>(["next", ...wired.map(({ framework }) => framework)])
  expect(tried).toEqual(new Set([...Object.keys(frameworks), "none"]))
  expect(new Set<string>(wired.map(({ orm }) => orm))).toEqual(new Set(Object.keys(orms)))
  expect(new Set(wired.map(({ language }) => language))).toEqual(new Set(["typescript", "esm", "commonjs"]))
  const names = Object.keys(cells)
  const ran = await run(folder, ["stacks.js", ...names], surroundings())
  expect(ran.code, ran.output).toBe(0)
  expect(JSON.parse(ran.output)).toEqual(Object.fromEntries(names.map((name) => [name, crossingRefused])))
  // The command line reads a policy file in JavaScript as it reads one in TypeScript: nothing else is left to apply.
  const stepsIn = async (at: string) => JSON.parse(await cli(["plan", "--json", "--policy", at])).steps
  const steps = await stepsIn("wardkeep.policy.ts")
  expect(steps).toBeInstanceOf(Array)
  for (const name of ["koa-pg", "hono-drizzle"]) expect(await stepsIn(`${name}/wardkeep.policy.js`)).toEqual(steps)
})

test("a block that does not compile is found", async () => {
  await writeFile(join(folder, "snippet.ts"), 'import { nothingOfTheKind } from "wardkeep"\nnothingOfTheKind()\n')
  expect(await compile(folder, ["snippet.ts"])).toMatchObject({ code: 2 })
})
