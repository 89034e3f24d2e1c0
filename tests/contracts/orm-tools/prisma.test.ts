import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { policyWithPrisma } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { Applied, runTool } from "./applied.ts"
import { outcomes } from "./outcomes.ts"

const database = useDatabase()
const tools = fileURLToPath(new URL("../../orm-tools", import.meta.url))
let here: Applied
let folder: string

beforeAll(async () => {
  here = await Applied.install(database)
  folder = await mkdtemp(join(tmpdir(), "wardkeep-prisma-"))
  await cp(join(tools, "schema.prisma"), join(folder, "schema.prisma"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const prisma = async (...args: string[]) => {
  const cli = join(dirname(createRequire(import.meta.url).resolve("prisma/package.json")), "build/index.js")
  return await runTool(folder, [cli, ...args, "--config", join(tools, "prisma.config.mjs")], {
    ...{ TOOL_OUT: folder, TOOL_URL: here.ownerUrl(), TOOL_SHADOW_URL: database.adminUrl },
    ...{ PRISMA_SCHEMA_ENGINE_BINARY: join(tools, "schema-engine.mjs"), CHECKPOINT_DISABLE: "1" },
  })
}
async function objects(): Promise<unknown[]> {
  const text = `select n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
    (select count(*) from pg_policy p where p.polrelid = c.oid)::int as policies,
    (select count(*) from pg_constraint k where k.conrelid = c.oid)::int as constraints,
    (select count(*) from pg_attribute a where a.attrelid = c.oid and not a.attisdropped)::int as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2`
  return await connected(database.adminUrl, async (admin) => (await admin.query(text)).rows)
}

it(outcomes.prismaDev.command, async () => {
  const before = await objects()
  const { code, output } = await prisma("migrate", "dev", "--name", "first")
  expect(code, output).toBe(130)
  expect(output).toMatch(/drift/i)
  expect(output).toContain("migrate reset")
  expect([await objects(), await here.drifted()]).toEqual([before, []])
})

it(outcomes.prismaPush.command, async () => {
  const before = await objects()
  const { code, output } = await prisma("db", "push")
  expect(code, output).not.toBe(0)
  expect(output).toContain('query would be affected by row-level security policy for table "note"')
  expect([await objects(), await here.drifted()]).toEqual([before, []])
})

it(outcomes.prismaDeploy.command, async () => {
  const before = (await objects()).length
  for (const [name, text] of [
    ["1_first", "select 1;"],
    ["2_phone", "alter table staff add column phone text;"],
  ] as const) {
    await mkdir(join(folder, "migrations", name), { recursive: true })
    await writeFile(join(folder, "migrations", name, "migration.sql"), text)
  }
  await writeFile(join(folder, "migrations/migration_lock.toml"), 'provider = "postgresql"\n')
  const resolved = await prisma("migrate", "resolve", "--applied", "1_first")
  expect(resolved.code, resolved.output).toBe(0)
  const { code, output } = await prisma("migrate", "deploy")
  expect(code, output).toBe(0)
  expect(output).toContain("2_phone")
  const own = { code: "WK002", message: expect.stringContaining("public._prisma_migrations") }
  await expect(here.apply()).rejects.toMatchObject(own)
  const policy = policyWithPrisma(here.clinic.policy.deployment)
  here = new Applied(database, { ...here.clinic, policy })
  await here.apply()
  expect(await here.drifted()).toEqual([])
  // Its table and the index of that.
  expect((await objects()).length).toBe(before + 2)
})

it(outcomes.prismaPull.command, async () => {
  const before = await objects()
  const { code, output } = await prisma("db", "pull", "--force")
  expect(code, output).toBe(0)
  const made = await readFile(join(folder, "schema.prisma"), "utf8")
  const note = /^model note \{[^}]*\}/m.exec(made)?.[0]
  for (const column of ["clinic_id", "branch_id", "visit_id"]) expect(note).toContain(column)
  expect(made).toMatch(/^model patient_word \{/m)
  expect(note).toContain('clinic_id String @default(dbgenerated("(wardkeep.tenant())::uuid"))')
  expect(made).not.toMatch(/@@schema|wardkeep_audit/)
  expect([await objects(), await here.drifted()]).toEqual([before, []])
})
