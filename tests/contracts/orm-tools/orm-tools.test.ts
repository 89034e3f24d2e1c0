import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { EntitySchema } from "@mikro-orm/core"
import { MikroORM } from "@mikro-orm/postgresql"
import pg from "pg"
import { DataTypes, Sequelize } from "sequelize"
import { DataSource, EntitySchema as TypeormSchema } from "typeorm"
import { afterEach, beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { Applied, runTool } from "./applied.ts"
import { outcomes } from "./outcomes.ts"

const database = useDatabase()
const folder = fileURLToPath(new URL("../../orm-tools", import.meta.url))
let here: Applied

beforeAll(async () => {
  here = await Applied.install(database)
})
afterEach(async () => {
  await here.apply()
})

const kit = async (args: readonly string[], env: Readonly<Record<string, string>>) =>
  await runTool(folder, [join(folder, "node_modules/drizzle-kit/bin.cjs"), ...args, "--config=drizzle.config.mjs"], {
    ...{ TOOL_URL: here.ownerUrl(), TOOL_MODEL: "with" },
    ...env,
  })

it(outcomes.generate.command, async () => {
  const out = await mkdtemp(join(tmpdir(), "wardkeep-generate-"))
  try {
    const ran = await kit(["generate"], { TOOL_OUT: out })
    expect(ran.code, ran.output).toBe(0)
    const files = (await readdir(out)).filter((name) => name.endsWith(".sql"))
    const made = (await Promise.all(files.map((name) => readFile(join(out, name), "utf8")))).join("\n")
    expect(made).toContain('CREATE TABLE "patient"')
    expect(made).not.toMatch(/wk_|wardkeep|patient_word|row level security/i)
    expect(await here.drifted()).toEqual([])
  } finally {
    await rm(out, { recursive: true, force: true })
  }
})

it(outcomes.pushAll.command, async () => {
  const { code, output } = await kit(["push", "--force"], {})
  expect([code, output]).toEqual([0, expect.stringContaining('row-level security policy for table "patient_word"')])
  expect([await here.isFenced("public.patient"), await here.drifted()]).toEqual([true, []])
})

it(outcomes.syncAdding.command, async () => {
  const { statements } = await synced({ drop: false })
  expect(statements).toEqual([])
  expect(await here.drifted()).toEqual([])
})

it(outcomes.syncAltering.command, async () => {
  const { statements, error } = await synced(true)
  expect(statements.join()).toMatch(/ALTER TABLE "public"\."note" DROP COLUMN "clinic_id"/)
  expect(error).toMatchObject({ parent: { code: "2BP01" } })
  expect(await here.drifted()).toEqual([])
})

/** The model of a `through` table as its developers wrote it: without the columns that Wardkeep added. */
async function synced(alter: boolean | { drop: boolean }): Promise<{ statements: string[]; error: unknown }> {
  const statements: string[] = []
  const logging = (text: string) => void (/\b(ALTER|CREATE|DROP)\b/.test(text) && statements.push(text))
  const sequelize = new Sequelize(here.ownerUrl(), { dialect: "postgres", dialectModule: pg, logging })
  const id = { type: DataTypes.UUID, primaryKey: true, defaultValue: DataTypes.UUIDV4 }
  const text = { type: DataTypes.TEXT, allowNull: false }
  const columns = { id, visit_id: { type: DataTypes.UUID, allowNull: false }, body: text }
  sequelize.define("note", columns, { timestamps: false, freezeTableName: true })
  const error = await sequelize.sync({ alter }).catch((error: unknown) => error)
  await sequelize.close()
  return { statements, error }
}

it(outcomes.typeorm.command, async () => {
  const id = { type: "uuid", primary: true, generated: "uuid" } as const
  const columns = { id, visit_id: { type: "uuid" }, body: { type: "text" } } as const
  const written = async (more: object): Promise<string> => {
    const note = new TypeormSchema({ name: "note", columns: { ...columns, ...more } })
    const options = { type: "postgres", url: here.ownerUrl(), installExtensions: false } as const
    const source = await new DataSource({ ...options, entities: [note] }).initialize()
    const { upQueries } = await source.driver.createSchemaBuilder().log()
    await source.destroy()
    return upQueries.map(({ query }) => query).join("\n")
  }
  const without = await written({})
  for (const line of ['DROP CONSTRAINT "wk_note_through"', 'DROP COLUMN "clinic_id"']) expect(without).toContain(line)
  const named = await written({ clinic_id: { type: "uuid" }, branch_id: { type: "uuid" } })
  expect(named).not.toContain("DROP COLUMN")
  expect(named).toMatch(/"clinic_id" DROP DEFAULT/)
  for (const text of [without, named]) expect(text).not.toMatch(/policy|trigger|wardkeep|_word/i)
  const dropped = 'alter table note drop constraint "wk_note_through"'
  await here.asOwner(dropped)
  expect((await here.drifted()).map(({ object }) => object)).toContain("foreign key public.note wk_note_through")
})

it(outcomes.mikroorm.command, async () => {
  const text = { type: "text" } as const
  const note = new EntitySchema<{ id: string; body: string }>({
    name: "note",
    properties: { id: { type: "uuid", primary: true, defaultRaw: "gen_random_uuid()" }, body: text },
  })
  const update = async (schemaGenerator: object): Promise<string> => {
    const orm = await MikroORM.init({ clientUrl: here.ownerUrl(), entities: [note], schemaGenerator })
    const made = await orm.schema.getUpdateSchemaSQL()
    await orm.close()
    return made
  }
  expect(await update({})).toContain('drop schema if exists "wardkeep"')
  const ignoreSchema = ["wardkeep", "wardkeep_lookup", "wardkeep_audit", "wardkeep_consent"]
  const ours = await update({ ignoreSchema, skipTables: [/_word$/] })
  expect(ours).not.toMatch(/wardkeep|_word/)
})

// Last: the foreign keys that it gives other names stay so.
describe("what takes the fence down", () => {
  it(outcomes.push.command, async () => {
    expect(await here.isFenced("public.patient")).toBe(true)
    const tables = "clinic,branch,drug,staff,patient,visit,note"
    expect((await kit(["push", "--force"], { TOOL_TABLES: tables })).code).toBe(0)
    expect(await here.isFenced("public.patient")).toBe(false)
    const found = (await here.drifted()).find(({ object }) => object === "table public.patient")
    expect(found).toMatchObject({ severity: "leak", fix: expect.stringContaining("drizzle-kit push") })
    expect(found!.message).toContain("row-level security is off")
    await here.apply()
    expect(await here.isFenced("public.patient")).toBe(true)
    expect((await here.drifted()).filter(({ severity }) => severity === "leak")).toEqual([])
  })
})
