import { compileMatrix, type Row } from "@wardkeep/permissions"
import { createWardkeep, type Session } from "@wardkeep/postgres"
import { drift, type Plan } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { enterBySql, type Grant } from "../fixture/token.ts"
import { branches, type Post } from "./arbitraries.ts"
import {
  answersOf,
  type CompiledWorld,
  columnTypes,
  compiledWorld,
  contextOf,
  expectedOf,
  fill,
  ours,
  placed,
  policyOf,
  sessionOf,
} from "./compiled-world.ts"

const database = useDatabase()
const patient = "abcdef00-0000-4000-8000-000000000001"
const [north = ""] = branches
const team = { table: "care_team" as const, actor: "staff", subject: "patient_id", until: "valid_to" }
const ago = (minutes: number): Date => new Date(Date.now() - minutes * 60_000)

const doctor: Post = {
  when: {
    all: [
      { own: "author" },
      { state: { column: "status", in: ["draft"] } },
      { within: { column: "created_at", last: "P7D" } },
      { assigned: team },
      { group: { column: "branch_id", name: "north" } },
    ],
  },
  after: { own: "author" },
  tied: { purposes: ["care"], mfa: "PT15M" },
  columns: undefined,
  actor: "asha",
  purpose: "care",
  branches,
  mfaAge: 60,
}
const draft: Row = {
  author: "asha",
  status: "draft",
  created_at: ago(60),
  patient_id: patient,
  branch_id: north,
}
const assignment: Row = { staff: "asha", patient_id: patient, valid_to: ago(-60) }

let world: CompiledWorld
let admin: pg.Client
let plan: Plan

/** What stands in the plan as a compiled policy of the table. */
function compiled(command: string): { name: string; clauses: string } {
  const text = new RegExp(`create policy (wk_${command}_\\w+) on \\S+ for ${command} to \\S+ (.*);\ncomment`, "s")
  for (const { object, sql } of plan.steps) {
    const [, name, clauses] = (object.startsWith("policy public.note ") && text.exec(sql)) || []
    if (name !== undefined && clauses !== undefined) return { name, clauses }
  }
  throw new Error(`the plan makes no policy for ${command}`)
}

beforeAll(async () => {
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  world = await compiledWorld(database)
  plan = await world.host.plan(policyOf([doctor]))
  await world.host.apply(policyOf([doctor]))
})
afterAll(async () => {
  await world.close()
  await admin.end()
})

function sessionFrom(grant: Grant, { actor }: Post): Session {
  const { session_id, tenant, branches: held, role, db_role, purpose, token, valid_until } = grant
  const one = { tenant, branches: held, role, dbRole: db_role, purpose, token, validUntil: valid_until.toISOString() }
  return { id: session_id, actor, expiresAt: one.validUntil, grants: [one] }
}

interface Case {
  readonly post?: Partial<Post>
  readonly row?: Row
  readonly assigned?: Row
}

/** What the database and `decide` answer about one row, read and changed by its doctor. */
async function both({ post: over = {}, row = {}, assigned = {} }: Case) {
  const post = { ...doctor, ...over }
  const rows = placed([{ ...draft, ...row }])
  const assignments = [{ ...assignment, ...assigned }]
  await fill(admin, rows, assignments)
  const mfaAt = post.mfaAge === null ? null : new Date(Date.now() - post.mfaAge * 1000)
  const grant = await sessionOf(database.ownerUrl, world.host, 0, post, mfaAt)
  const writes = {
    made: rows.map((one) => ({ ...one, n: 1000 })),
    changed: rows.map((one) => ({ row: one, after: one })),
  }
  const { now, ...answers } = await answersOf(world.app, grant, writes)
  const matrix = compileMatrix(policyOf([doctor]), { columnTypes })
  return { answers, expected: expectedOf(matrix, contextOf(0, post, mfaAt, assignments, now), rows, writes) }
}

const actor = '"author" = (select c.actor from wardkeep.held(wardkeep.planned_as()) c)'
const group = /"branch_id" = any \(\(select wardkeep\.group_branches\(.*?\)::uuid\[\]\)::uuid\[\]\)/

/** A conjunct taken out of a compiled policy, and the case that notices. */
const mutations: readonly (Case & {
  readonly what: string
  readonly command?: "insert"
  readonly change: readonly [RegExp | string, string]
})[] = [
  { what: "the purpose", post: { purpose: "billing" }, change: ["array['care']", "null"] },
  { what: "the age of the second factor", post: { mfaAge: 1000 }, change: [", 900,", ", null,"] },
  { what: "that there was a second factor", post: { mfaAge: null }, change: [", 900,", ", null,"] },
  { what: "the actor", row: { author: "ravi" }, change: [actor, "true"] },
  { what: "the state", row: { status: "signed" }, change: ["array['draft']", "array['draft', 'signed']"] },
  { what: "the window", row: { created_at: ago(60 * 24 * 8) }, change: ["'604800 seconds'", "'1 year'"] },
  {
    what: "the end of the assignment",
    assigned: { valid_to: ago(1) },
    change: ['a."valid_to" > (select statement_timestamp())', "true"],
  },
  { what: "the group", row: { branch_id: branches[2] ?? "" }, change: [group, "true"] },
  { what: "the actor of a new row", command: "insert", row: { author: "ravi" }, change: [actor, "true"] },
]

describe("a compiled policy", () => {
  it("allows the row that every conjunct allows", async () => {
    const { answers, expected } = await both({})
    expect(expected).toMatchObject({ seen: [0], made: [1000], changed: [0], deleted: [0] })
    expect(answers).toEqual(expected)
  })

  it.each(mutations)(
    "without $what is noticed, by the rows and by drift, and repaired",
    async ({ command, change, ...asked }) => {
      const right = await both(asked)
      expect(right.answers).toEqual(right.expected)
      const { name, clauses } = compiled(command ?? "select")
      const changed = clauses.replace(...change)
      expect(changed).not.toBe(clauses)
      await admin.query(`alter policy ${name} on note ${changed}`)
      const wrong = await both(asked)
      expect(wrong.answers).not.toEqual(wrong.expected)
      const found = await world.host.asOwner((client) => drift({ client, policy: policyOf([doctor]) }))
      expect(found.map(({ object }) => object).filter((object) => object.startsWith("policy "))).toEqual([
        `policy public.note ${name}`,
      ])
      expect((await world.host.apply(policyOf([doctor]))).applied).toBeGreaterThan(0)
      expect((await world.host.apply(policyOf([doctor]))).applied).toBe(0)
      expect((await both(asked)).answers).toEqual(right.expected)
    },
  )
})

describe("a refusal", () => {
  it.each<[string, Partial<Post>, string, string]>([
    ["an old second factor", { mfaAge: 1000 }, "WK204", "a second factor not older than 900 seconds is needed"],
    ["another purpose", { purpose: "billing" }, "WK205", "allowed for the purpose care only"],
  ])("for %s has a code of its own, whatever the rows are", async (_what, over, code, message) => {
    await fill(admin, [], [])
    const wk = createWardkeep({
      pool: { connectionString: database.appUrl(world.host.logins.app), max: 1 },
      policy: policyOf([doctor]),
    })
    const post = { ...doctor, ...over }
    const mfaAt = new Date(Date.now() - (post.mfaAge ?? 0) * 1000)
    const grant = await sessionOf(database.ownerUrl, world.host, 0, post, mfaAt)
    const session = sessionFrom(grant, post)
    const refused = { code, message, name: "WardkeepError" }
    try {
      for (const text of [
        "select n from note",
        "select count(*) from note where author = 'nobody'",
        "select 1 from (values (1)) v(x) left join note on note.n = v.x and note.status = any (array['none'])",
        "update note set status = 'signed' where n = 4711",
        "delete from note where n = 4711",
        `insert into note (clinic_id, branch_id, n, author) values ('${ours}', '${north}', 1, 'asha')`,
      ])
        await expect(
          wk.run(session, () => wk.query(text)),
          text,
        ).rejects.toMatchObject(refused)
    } finally {
      await wk.close()
    }
  })

  it("comes before the first row in every shape of plan", async () => {
    const grant = await sessionOf(database.ownerUrl, world.host, 0, doctor, new Date())
    const { app } = world
    await app.query("begin")
    try {
      await enterBySql(app, grant)
      for (const way of ["on", "off"]) {
        await app.query(`set local enable_indexscan = ${way}; set local enable_bitmapscan = ${way}`)
        for (const from of ["note", "(values (1)) v(x) left join note on note.n = v.x and note.done"]) {
          const { rows } = await app.query<{ "QUERY PLAN": string }>(`explain (costs off) select 1 from ${from}`)
          expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toMatch(
            /One-Time Filter: \(\S+ = \S+\)|One-Time Filter: \(\(InitPlan/,
          )
        }
      }
    } finally {
      await app.query("rollback")
    }
  })
})

describe("a change of the policy", () => {
  it("is never wider on its way than before and after", async () => {
    const before = policyOf([{ ...doctor, when: { own: "author" }, tied: {}, columns: ["author", "status"] }])
    const after = policyOf([{ ...doctor, when: { state: { column: "status", in: ["draft"] } }, tied: {} }])
    await world.host.apply(before)
    await fill(admin, placed([draft, { ...draft, author: "ravi" }, { ...draft, status: "signed" }]), [assignment])
    const { steps } = await world.host.plan(after)
    const phase = steps.map((step) => step.phase)
    expect(phase.lastIndexOf("narrow")).toBeLessThan(phase.indexOf("widen"))
    const grant = await sessionOf(database.ownerUrl, world.host, 0, doctor, new Date())
    const seen = async (column: string): Promise<number[]> => {
      await admin.query("savepoint asked")
      try {
        await enterBySql(admin, grant)
        return (await admin.query<{ n: number }>(`select n, ${column} from public.note order by n`)).rows.map(
          ({ n }) => n,
        )
      } catch {
        return []
      } finally {
        await admin.query("rollback to savepoint asked")
      }
    }
    await admin.query("begin")
    expect([await seen("status"), await seen("level")]).toEqual([[0, 2], []])
    const shown: number[][] = []
    for (const { sql } of steps) {
      await admin.query(sql)
      shown.push(await seen("level"))
    }
    // The column is new, and so only the rows of the new condition may ever show it.
    expect(shown.flat().filter((n) => n === 2)).toEqual([])
    expect(await seen("level")).toEqual([0, 1])
    await admin.query("rollback")
    await world.host.apply(policyOf([doctor]))
  })
})
