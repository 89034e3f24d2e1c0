import { compileMatrix, type Matrix } from "@wardkeep/permissions"
import fc from "fast-check"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { real } from "./arbitraries.ts"
import {
  answersOf,
  type CompiledWorld,
  columnTypes,
  compiledWorld,
  contextOf,
  databaseRole,
  expectedOf,
  fill,
  placed,
  policyOf,
  posts,
  sessionOf,
  writesOf,
} from "./compiled-world.ts"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? 20261127)
const database = useDatabase()
let world: CompiledWorld
let admin: pg.Client

beforeAll(async () => {
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  world = await compiledWorld(database)
})
afterAll(async () => {
  await world.close()
  await admin.end()
})

/** A column that some row may be read in is granted, and no other. */
async function expectSameGrants(n: number, matrix: Matrix): Promise<void> {
  const { rows } = await admin.query<{ name: string; held: boolean }>(
    `select a.attname::text as name, has_column_privilege($1, a.attrelid, a.attnum, 'SELECT') as held
       from pg_attribute a where a.attrelid = 'note'::regclass and a.attnum > 0 and not a.attisdropped`,
    [databaseRole(n)],
  )
  const could = ({ name }: { name: string }): boolean =>
    matrix.could(matrix.role(`r${n}`), matrix.cell("note", "read", name))
  expect(rows.map(({ name, held }) => [name, held])).toEqual(rows.map((row) => [row.name, could(row)]))
}

describe("the compiled policies and grants", () => {
  it("agree with decide about rows that are read, made, changed and deleted by the application's login", async () => {
    const tally = { cases: 0, allowed: 0, written: 0 }
    const base = new Date()
    const property = fc.asyncProperty(real(base, { posts, rows: 40 }), async ({ posts: all, rows, assignments }) => {
      const policy = policyOf(all)
      const stored = placed(rows)
      await fill(admin, stored, assignments)
      await world.host.apply(policy)
      const matrix = compileMatrix(policy, { columnTypes })
      const writes = writesOf(stored)
      for (const [n, post] of all.entries()) {
        const mfaAt = post.mfaAge === null ? null : new Date(base.getTime() - post.mfaAge * 1000)
        const grant = await sessionOf(database.ownerUrl, world.host, n, post, mfaAt)
        await expectSameGrants(n, matrix)
        const asked = post.columns === undefined ? writes : { made: [], changed: [] }
        const { now, ...answers } = await answersOf(world.app, grant, asked)
        const expected = expectedOf(matrix, contextOf(n, post, mfaAt, assignments, now), stored, asked)
        tally.cases += stored.length * 2 + asked.made.length + asked.changed.length
        tally.allowed += expected.seen.length
        tally.written += expected.made.length + expected.changed.length + expected.deleted.length
        expect(answers, `r${n}`).toEqual(expected)
      }
    })
    await fc.assert(property, { seed, numRuns: 14 })
    console.log(
      `seed ${seed}: ${tally.cases} cases, ${tally.allowed} reads and ${tally.written} writes allowed by both`,
    )
    expect(tally.cases).toBeGreaterThanOrEqual(10_000)
    expect(tally.allowed).toBeGreaterThan(tally.cases / 50)
    expect(tally.written).toBeGreaterThan(100)
  }, 240_000)
})
