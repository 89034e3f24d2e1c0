import { fileURLToPath } from "node:url"
import type { Policy } from "@wardkeep/core"
import { type Context, compileMatrix, decide, type Question, type Row } from "@wardkeep/permissions"
import { runMigrations } from "@wardkeep/postgres/migrate"
import fc from "fast-check"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "../harness/src/use-database.ts"
import { asked, condition, groups, guard } from "./arbitraries.ts"
import { planted, someone } from "./planted.ts"
import { arrange, enter, policies, policyOf } from "./question.ts"
import { asker, columnTypes, tenant, worldSql } from "./world.ts"

const mine = { own: "author" }
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

/** The rows that the database shows and those that `decide` allows. */
async function bothAnswers(
  { policy, context, rows }: { readonly policy: Policy; readonly context: Context; readonly rows: readonly Row[] },
  change?: (sql: string) => string,
): Promise<{ seen: number[]; expected: number[] }> {
  const matrix = compileMatrix(policy, { columnTypes })
  const expected = rows.flatMap((one, n) =>
    decide(matrix, context, { action: "read", table: "note", row: one }).effect === "allow" ? [n] : [],
  )
  const seen = await rolledBack(async () => {
    await arrange(admin, token, role, context, rows)
    await policies(admin, policy, role, { now: "asked.now()", ...(change !== undefined && { change }) })
    await enter(admin, role, token)
    return await shown(admin.query<{ n: number }>("select n from note order by n"))
  })
  return { seen, expected }
}

/** A purpose or second factor that is missing is an error of the whole statement. */
async function shown(answer: Promise<{ readonly rows: readonly { readonly n: number }[] }>): Promise<number[]> {
  try {
    return (await answer).rows.map(({ n }) => n)
  } catch (error) {
    if (error instanceof pg.DatabaseError && (error.code === "WK204" || error.code === "WK205")) return []
    throw error
  }
}

describe("TypeScript and PostgreSQL", () => {
  it("agree about every row of random policies, contexts and rows", async () => {
    const tally = { cases: 0, allowed: 0 }
    const property = fc.asyncProperty(condition, guard, asked(40), async (when, tied, { context, rows }) => {
      const { seen, expected } = await bothAnswers({ policy: policyOf(when, when, tied), context, rows })
      tally.cases += rows.length
      tally.allowed += expected.length
      expect(seen).toEqual(expected)
    })
    await fc.assert(property, { seed, numRuns: 620 })
    console.log(`seed ${seed}: ${tally.cases} cases, ${tally.allowed} allowed by both, the others denied by both`)
    expect(tally.cases).toBeGreaterThanOrEqual(10_000)
    expect(tally.allowed).toBeGreaterThan(tally.cases / 20)
  })

  it("agree about rows that are made and rows that are changed", async () => {
    const tally = { cases: 0, allowed: 0 }
    const property = fc.asyncProperty(condition, condition, guard, asked(16), async (when, after, tied, asking) => {
      const { context, rows } = asking
      const policy = policyOf(when, after, tied)
      const matrix = compileMatrix(policy, { columnTypes })
      const halves = [rows.slice(0, rows.length >> 1), rows.slice(rows.length >> 1)] as const
      const changes = halves[0].map((row, n) => ({ n, row, after: rows[rows.length - 1 - n] ?? row }))
      const allowed = (question: Omit<Question, "table">): boolean =>
        decide(matrix, context, { ...question, table: "note" }).effect === "allow"
      // PostgreSQL lets no command touch or leave a row that the role may not read.
      const expected = {
        made: halves[1].flatMap((row, n) => (allowed({ action: "create", row }) ? [100 + n] : [])),
        changed: changes.flatMap(({ n, row, after }) =>
          allowed({ action: "update", row, after }) &&
          [row, after].every((one) => allowed({ action: "read", row: one }))
            ? [n]
            : [],
        ),
      }
      const done = await rolledBack(async () => {
        await arrange(admin, token, role, context, halves[0])
        await policies(admin, policy, role, { now: "asked.now()" })
        await enter(admin, role, token)
        const call = async (name: string, list: readonly object[]): Promise<number[]> => {
          const { rows: kept } = await admin.query<{ n: number }>(`select n from asked.${name}($1) n order by n`, [
            JSON.stringify(list),
          ])
          return kept.map(({ n }) => n)
        }
        return {
          made: await call(
            "insert_each",
            halves[1].map((row, n) => ({ ...row, n: 100 + n })),
          ),
          changed: await call(
            "change_each",
            changes.map(({ n, after: next }) => ({ ...next, n })),
          ),
        }
      })
      tally.cases += halves[1].length + changes.length
      tally.allowed += expected.made.length + expected.changed.length
      expect(done).toEqual(expected)
    })
    await fc.assert(property, { seed, numRuns: 250 })
    console.log(`seed ${seed}: ${tally.cases} writes, ${tally.allowed} allowed by both`)
    expect(tally.allowed).toBeGreaterThan(50)
  })

  it.each(planted)("would notice $what", async ({ when, guard: tied = {}, context, row, change }) => {
    const asking = { policy: policyOf(when, when, tied), context: { ...someone, ...context }, rows: [row] }
    const right = await bothAnswers(asking)
    expect(right.seen).toEqual(right.expected)
    const wrong = await bothAnswers(asking, (sql) => sql.replace(...change))
    expect(wrong.seen).not.toEqual(wrong.expected)
  })
})

describe("a generated predicate", () => {
  it("follows the server's own clock and denies what is NULL", async () => {
    const policy = policyOf({ within: { column: "created_at", last: "PT1H" } }, mine, { mfa: "PT15M" })
    const ago = (minutes: number): Date => new Date(Date.now() - minutes * 60_000)
    const rows = [{ created_at: ago(5) }, { created_at: ago(65) }, { created_at: null }, { created_at: ago(-5) }]
    const seenWith = (mfaAt: Date | null): Promise<number[]> =>
      rolledBack(async () => {
        await arrange(admin, token, role, { ...someone, now: new Date(), mfaAt }, rows)
        await policies(admin, policy, role)
        await enter(admin, role, token)
        return await shown(admin.query<{ n: number }>("select n from note order by n"))
      })
    expect(await seenWith(ago(10))).toEqual([0])
    expect(await seenWith(ago(20))).toEqual([])
    expect(await seenWith(null)).toEqual([])
  })

  it("uses an index below a restrictive fence, and asks for the context once per statement", async () => {
    const plan = await rolledBack(async () => {
      await arrange(admin, token, role, someone, [])
      await admin.query(
        "insert into note (n, author, author_id) select g, 'author ' || g, gen_random_uuid() from generate_series(1, 5000) g",
      )
      await admin.query("create index on note (author); create index on note (author_id); analyze note")
      await admin.query(
        "create policy fence on note as restrictive using (n = any ((select array[1, 2, 3])::integer[]))",
      )
      await policies(admin, policyOf({ any: [mine, { own: "author_id" }] }, mine, {}), role)
      await enter(admin, role, token)
      const { rows } = await admin.query<{ "QUERY PLAN": string }>("explain (costs off) select * from note")
      return rows.map((row) => row["QUERY PLAN"]).join("\n")
    })
    expect(plan).toMatch(/Index Cond: \(author = /)
    expect(plan).toMatch(/Index Cond: \(author_id = /)
    expect(plan).toContain("InitPlan")
    expect(plan).not.toContain("SubPlan")
  })

  it("compares the columns of a row with leakproof operators, except for enums", async () => {
    const { rows } = await admin.query<{ operator: string; leakproof: boolean }>(
      `select o.oid::regoperator::text as operator, p.proleakproof as leakproof from pg_operator o join pg_proc p on p.oid = o.oprcode
        where o.oid = any ($1::regoperator[])`,
      [
        [
          ...["uuid", "bigint", "integer", "smallint", "text", "boolean", "anyenum"].map(
            (type) => `=(${type},${type})`,
          ),
          ...["<=", ">=", ">"].map((sign) => `${sign}(timestamptz,timestamptz)`),
        ],
      ],
    )
    expect(rows).toHaveLength(10)
    // PostgreSQL's own: a state that an index should serve below the fence is better a text.
    expect(rows.filter(({ leakproof }) => !leakproof).map(({ operator }) => operator)).toEqual(["=(anyenum,anyenum)"])
  })

  it("raises without a context instead of showing nothing", async () => {
    const attempt = rolledBack(async () => {
      await arrange(admin, token, role, someone, [{ author: "asha" }])
      await policies(admin, policyOf(mine, mine, {}), role)
      await admin.query("select set_config('role', $1, true)", [role])
      await admin.query("select * from note")
    })
    await expect(attempt).rejects.toMatchObject({ code: "WK101" })
  })
})
