import { beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { Attacker, asSuperuser, codeOf, makeWorld, type Strategy, type World } from "./world.ts"

const mistakes: ReadonlySet<string> = new Set(["42601", "42703", "42P01", "42804"])
const nobody = "00000000-0000-4000-8000-000000000000"

/**
 * Where a row is looked for; `real` is one of another branch. Not in `note`: its key does not hold the tenant, which plan
 * and doctor report as an oracle (`index-oracle`).
 */
interface Question {
  readonly from: string
  readonly type: "uuid" | "text"
  readonly real: (world: World, branch: 1 | 2) => string
  readonly invented: string
}

const questions: readonly Question[] = [
  { from: "patient p where p.id", type: "uuid", real: (w, b) => w.keys[b].patient, invented: nobody },
  { from: "visit v where v.id", type: "uuid", real: (w, b) => w.keys[b].visit, invented: nobody },
  {
    from: "patient_word w where w.word",
    type: "text",
    real: (_, b) => ["", "saffron", "indigo"][b] ?? "",
    invented: "zz",
  },
]

/** A context that is right when the first scan of a statement begins and wrong when the second one does. */
function betweenScans(good: string, bad: string, { from, type }: Question, value: string): string {
  return `select x.* from (values (0), (1)) v(n), lateral (select case n when 0 then ${good} else ${bad} end as t offset 0) s,
    lateral (select 1 from public.${from} = case when s.t is null or n = 0 then null else '${value}' end::${type} offset 0) x`
}

/** A context that is wrong from the start, set by the statement that it is wrong for. */
function atOnce(bad: string, { from }: Question, value: string): string {
  return `select x.* from (select ${bad} offset 0) s, lateral (select 1 from public.${from} = '${value}' offset 0) x`
}

type Forgery = (world: World, question: Question, value: string) => string
const setting = (name: string, value: string): string => `set_config('${name}', '${value}', true)`

const forgeries: Record<string, Forgery> = {
  "is unknown": (_, question, value) => atOnce(setting("wardkeep.token", "a".repeat(47)), question, value),
  "claims a foreign branch": (w, question, value) =>
    atOnce(setting("wardkeep.branch", w.clinic.branches[1].branch), question, value),
  "takes another role": (w, question, value) => atOnce(setting("role", w.grants.reception.db_role), question, value),
  "becomes unknown between two scans": (w, question, value) =>
    betweenScans(
      setting("wardkeep.token", w.grants.doctor.token),
      setting("wardkeep.token", "a".repeat(47)),
      question,
      value,
    ),
  "takes a foreign branch between two scans": (w, question, value) =>
    betweenScans(
      setting("wardkeep.branch", ""),
      setting("wardkeep.branch", w.clinic.branches[1].branch),
      question,
      value,
    ),
}

/** What the attacker learns from one statement: how it ended, and what came. */
async function answer(world: World, attacker: Attacker, plans: string, text: string): Promise<string> {
  await attacker.enter(world, "doctor")
  await attacker.query(plans)
  const before = attacker.seen.length
  try {
    return `${await attacker.query(text)} rows ${attacker.seen.slice(before).join()}`
  } catch (error) {
    return codeOf(error)
  } finally {
    await attacker.query("rollback")
  }
}

/** Statements that answer differently for a row of another branch and for one that does not exist. */
async function told(world: World): Promise<string[]> {
  const found: string[] = []
  const attacker = new Attacker(world.appUrl)
  await attacker.connect()
  try {
    for (const plans of ["set local enable_seqscan = off", "set local enable_indexscan = off"]) {
      for (const question of questions) {
        for (const [how, forgery] of Object.entries(forgeries)) {
          for (const branch of [1, 2] as const) {
            const exists = await answer(world, attacker, plans, forgery(world, question, question.real(world, branch)))
            const not = await answer(world, attacker, plans, forgery(world, question, question.invented))
            if (mistakes.has(not)) throw new Error(`a mistake in the statement: ${not}`)
            if (exists !== not) found.push(`${plans}, ${question.from}, a context that ${how}: '${exists}' or '${not}'`)
          }
        }
      }
    }
  } finally {
    await attacker.end()
  }
  return found
}

describe.each<Strategy>(["portable", "accelerated"])("whether a row exists in another branch, %s", (strategy) => {
  const database = useDatabase()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, strategy)
  })

  it("what is asked for is there", async () => {
    for (const { from, type, real } of questions) {
      for (const branch of [1, 2] as const) {
        const { rowCount } = await asSuperuser(world.adminUrl, (admin) =>
          admin.query(`select from public.${from} = $1::${type}`, [real(world, branch)]),
        )
        expect(rowCount, `${from} of branch ${branch}`).toBeGreaterThan(0)
      }
    }
  })

  it("is told by no context that is wrong or becomes wrong", async () => {
    expect(await told(world)).toEqual([])
  })

  // Under the accelerated strategy nothing inside the transaction can change the context but the role.
  if (strategy === "accelerated") return

  it("would be told by a branch that raises behind the tenant", async () => {
    await asSuperuser(world.adminUrl, (admin) =>
      admin.query(`do $$ declare p record; begin
        for p in select polrelid::regclass as name, replace(pg_get_expr(polqual, polrelid), 'held_branches', 'branches') as fence
                   from pg_policy where polname = 'wk_fence' and pg_get_expr(polqual, polrelid) like '%held_branches%' loop
          execute format('alter policy wk_fence on %s using (%s)', p.name, p.fence);
        end loop; end $$`),
    )
    expect((await told(world)).join("\n")).toContain("between two scans")
  })
})
