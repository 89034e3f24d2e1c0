import type { Policy } from "@wardkeep/core"
import { apply, asOwner, plan } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { inContext } from "#tests/fixture/token.ts"
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

  it("a unique key is asked by nobody who may not write its column, and answers who may write it unread of the own branch only", async () => {
    const { policy } = world.clinic
    const applied = (changed: Policy) =>
      connected(world.migratorUrl, (client) =>
        asOwner(client, changed, async () => {
          await client.query("alter table patient add if not exists telephone text")
          await client.query(
            "create unique index if not exists by_telephone on patient (clinic_id, branch_id, telephone)",
          )
          await apply({ client, policy: changed })
          return (await plan({ client, policy: changed })).findings.filter(({ check }) => check === "unread-key-oracle")
        }),
      )
    const told = (actor: "doctor" | "neighbour" | "reception", sql: string, values: unknown[]): Promise<unknown> =>
      connected(world.appUrl, (client) => inContext(client, world.grants[actor], () => client.query(sql, values))).then(
        ({ rowCount }) => rowCount,
        codeOf,
      )
    const insert = "insert into public.patient (full_name, telephone) values ('x', $1)"
    const update = "update public.patient set telephone = $1 where id = $2"
    const guesses = async (into: string): Promise<unknown[]> => {
      const answers: unknown[] = []
      const asked = (sql: string, telephones: string[], ...more: string[]) =>
        telephones.map((telephone) => [sql.replace("public", into), [telephone, ...more]] as const)
      for (const [sql, values] of [
        ...asked(insert, ["taken", "free 1", "sibling 1"]),
        ...asked(update, ["taken", "free 2", "sibling 2"], world.keys[0].patient),
      ])
        answers.push(await told("reception", sql, [...values]))
      return answers
    }
    // With create: true, and an update that does not list it, by the table and by the role's view.
    expect(await applied(policy)).toEqual([])
    expect(await told("doctor", insert, ["taken"])).toBe(1)
    for (const one of ["sibling 1", "sibling 2"]) expect(await told("neighbour", insert, [one])).toBe(1)
    expect(await guesses("public")).toEqual(Array.from({ length: 6 }, () => "42501"))
    expect(await guesses(world.grants.reception.db_role)).toEqual(Array.from({ length: 6 }, () => "0A000"))
    // Where the policy file lists it, and for a role that reads nothing of the table.
    const unread = (change: "listed" | "nothing read"): Policy => ({
      ...policy,
      actors: policy.actors.map((actor) => {
        if (actor.name !== "reception") return actor
        const rules = { ...actor.can.get("public.patient")?.rules }
        const written = {
          columns: ["full_name", "telephone"],
          when: null,
          after: null,
          purposes: null,
          mfaSeconds: null,
        }
        const listed = { ...rules, create: written, update: { ...written, columns: ["telephone"] } }
        const { read: _read, update: _update, ...blind } = rules
        return {
          ...actor,
          can: new Map([...actor.can, ["public.patient", { rules: change === "listed" ? listed : blind }]]),
        }
      }),
    })
    const found = [expect.objectContaining({ severity: "oracle", object: "public.patient.telephone" })]
    expect(await applied(unread("listed"))).toEqual(found)
    expect(await guesses("public")).toEqual(["23505", 1, 1, "23505", 1, 1])
    expect(await applied(unread("nothing read"))).toEqual(found)
    expect([await told("reception", insert, ["taken"]), await told("reception", insert, ["unused"])]).toEqual([
      "23505",
      1,
    ])
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
