import { fileURLToPath } from "node:url"
import { compileMatrix, decide } from "@wardkeep/permissions"
import { runMigrations } from "@wardkeep/postgres/migrate"
import fc from "fast-check"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "../harness/src/use-database.ts"
import { asked, condition, groups, guard } from "./arbitraries.ts"
import { arrange, enter, policies, policyOf } from "./question.ts"
import { asker, columnTypes, tenant, worldSql } from "./world.ts"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? 20261126)
const database = useDatabase()
let admin: pg.Client
let role = ""
let token = ""

beforeAll(async () => {
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  await admin.query("create schema wardkeep")
  const migrations = fileURLToPath(new URL("../../packages/postgres/sql/migrations", import.meta.url))
  await runMigrations(admin, [{ schema: "wardkeep", directory: migrations }])
  await admin.query(worldSql)
  for (const [name, members] of Object.entries(groups))
    await admin.query("insert into wardkeep.branch_group (tenant, name, branches) values ($1, $2, $3)", [
      tenant,
      name,
      members,
    ])
  ;({ role, token } = await asker(admin))
})

afterAll(async () => {
  if (role !== "") await admin.query(`drop owned by ${role}; drop role ${role}`)
  await admin.end()
})

/** Everything of a case happens in a transaction that leaves nothing. */
async function rolledBack<T>(work: () => Promise<T>): Promise<T> {
  await admin.query("begin")
  try {
    return await work()
  } finally {
    await admin.query("rollback")
  }
}

describe("TypeScript and PostgreSQL", () => {
  it("agree about every row of random policies, contexts and rows", async () => {
    const tally = { cases: 0, allowed: 0 }
    const property = fc.asyncProperty(condition, guard, asked(40), async (when, tied, { context, rows }) => {
      const policy = policyOf(when, when, tied)
      const matrix = compileMatrix(policy, { columnTypes })
      const expected = rows.flatMap((one, n) =>
        decide(matrix, context, { action: "read", table: "note", row: one }).effect === "allow" ? [n] : [],
      )
      const seen = await rolledBack(async () => {
        await arrange(admin, token, role, context, rows)
        await policies(admin, policy, role, "asked.now()")
        await enter(admin, role, token)
        const { rows: visible } = await admin.query<{ n: number }>("select n from note order by n")
        return visible.map(({ n }) => n)
      })
      tally.cases += rows.length
      tally.allowed += expected.length
      expect(seen).toEqual(expected)
    })
    await fc.assert(property, { seed, numRuns: 620 })
    console.log(`seed ${seed}: ${tally.cases} cases, ${tally.allowed} allowed by both, the others denied by both`)
    expect(tally.cases).toBeGreaterThanOrEqual(10_000)
    expect(tally.allowed).toBeGreaterThan(tally.cases / 20)
  }, 240_000)
})
