import { type Decided, publishNotice, represent } from "@wardkeep/consent"
import { roleNames } from "@wardkeep/core"
import type { Session } from "@wardkeep/postgres"
import { useStrategy } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { notice, said, served, useConsenting } from "#tests/fixture/consenting.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useConsenting(database)
let desk: Session
let caller: Session
let published = ""
let yes = ""
let no = ""

beforeAll(async () => {
  const { wk, session, adults } = used.clinic
  desk = await session("desk", "care")
  caller = await session("caller", "outreach")
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
  yes = adults[0] ?? ""
  no = adults[1] ?? ""
  for (const subject of [yes, no]) await serve(subject)
  await say(yes, { outreach: "granted" })
  await say(no, { outreach: "refused" })
})

const serve = (subject: string) => served(used.clinic, desk, published, subject)
const say = (subject: string, decisions: Decided["decisions"], over: Partial<Decided> = {}) =>
  said(used.clinic, desk, published, subject, decisions, over)
const ids = async (session: Session, text = "select id from patient"): Promise<string[]> =>
  (await used.clinic.wk.run(session, () => used.clinic.wk.query<{ id: string }>(text))).rows.map(({ id }) => id)
const grants = async (role: string, purposes: string[]): Promise<Grant> => {
  const [first] = used.clinic.branches
  const [grant] = await issueBySql(database.ownerUrl, used.clinic, [
    { role, tenant: first.clinic, branches: [first.branch], purposes },
  ])
  return grant as Grant
}
const asApp = <T>(grant: Grant, text: string): Promise<T[]> =>
  used.clinic.asApp((client) => inContext(client, grant, async () => (await client.query(text)).rows))
/** What the database answers each attempt with, in one transaction: a code, or what it returned. */
const attempts = (grant: Grant, texts: readonly string[]): Promise<unknown[]> =>
  used.clinic.asApp((client) =>
    inContext(client, grant, async () => {
      const answers: unknown[] = []
      for (const text of texts) {
        await client.query("savepoint before")
        answers.push(
          await client.query(text).then(
            ({ rows }) => rows,
            (error: { code?: string }) => error.code,
          ),
        )
        await client.query("rollback to savepoint before")
      }
      return answers
    }),
  )
const attempt = async (grant: Grant, text: string): Promise<unknown> => (await attempts(grant, [text]))[0]

describe("a purpose that waits for consent", () => {
  it("reaches only whoever said yes, in every table about them and through every way to search", async () => {
    expect(await ids(caller)).toEqual([yes])
    expect(await ids(caller, "select patient_id as id from visit")).toEqual([yes])
    expect(await ids(desk)).toHaveLength(10)
    const outreach = await used.clinic.session("desk", "outreach")
    expect(await ids(outreach)).toEqual([yes])
    const words = "select p.id from patient p join patient_word w on w.patient_id = p.id and w.word ^@ 'patient'"
    expect(await ids(outreach, words)).toEqual([yes])
    expect(await ids(desk, words)).toHaveLength(10)
  })
})

describe("the application's login cannot get around it", () => {
  const everybody = "select count(*)::int as n from patient"

  it("by naming another purpose, another role or another token in SQL", async () => {
    const call = await grants("caller", ["outreach"])
    const care = await grants("desk", ["care"])
    const counted = await used.clinic.asApp((client) =>
      inContext(client, call, async () => {
        await client.query(
          "select set_config('wardkeep.purpose', 'care', true), set_config('app.purpose', 'care', true)",
        )
        return (await client.query(everybody)).rows
      }),
    )
    expect(counted).toEqual([{ n: 1 }])
    const otherRole = `with s as (select set_config('role', '${care.db_role}', true)) select n from s, lateral (${everybody}) c`
    expect(await attempt(call, otherRole)).toBe("WK107")
    const switched = used.clinic.asApp((client) =>
      inContext(client, call, async () => {
        await client.query("select set_config('role', $1, true)", [care.db_role])
        return (await client.query(everybody)).rows
      }),
    )
    await expect(switched).rejects.toMatchObject({ code: "WK107" })
    const otherToken = used.clinic.asApp((client) =>
      inContext(client, call, async () => {
        await client.query("select set_config('wardkeep.token', $1, true)", [care.token])
        return (await client.query(everybody)).rows
      }),
    )
    await expect(otherToken).rejects.toMatchObject({ code: "WK107" })
  })

  it("by a connection that somebody else's purpose used before, or uses in between", async () => {
    const { wk } = used.clinic
    const all = (await ids(desk)).length
    const asked = Array.from({ length: 60 }, (_, i) => ids(i % 2 === 0 ? caller : desk).then((rows) => rows.length))
    const counts = await Promise.all(asked)
    expect(counts.filter((_, i) => i % 2 === 0)).toEqual(Array(30).fill(1))
    expect(counts.filter((_, i) => i % 2 === 1)).toEqual(Array(30).fill(all))
    const both = wk.run(desk, async () => [await ids(caller), (await wk.query(everybody)).rows])
    expect(await both).toEqual([[yes], [{ n: all }]])
  })

  it("by writing the bit", async () => {
    const care = await grants("desk", ["care"])
    for (const column of ["wk_consent = -1", "wk_consent_until = 'infinity'"])
      expect(await attempt(care, `update patient set ${column}`)).toBe("42501")
    const conflict = `insert into patient (id, full_name) values ('${no}', 'x') on conflict (clinic_id, branch_id, id) do update set wk_consent = -1`
    expect(await attempt(care, conflict)).toBe("42501")
    const merged = `merge into patient p using (select '${no}'::uuid as id) n on p.id = n.id when matched then update set wk_consent = -1`
    expect(await attempt(care, merged)).toBe("42501")
    const planted = await asApp<{ id: string; wk_consent: string }>(
      care,
      "insert into patient (full_name, born_on, wk_consent, wk_consent_until) values ('planted', '1990-01-01', -1, 'infinity') returning id, wk_consent",
    )
    expect(planted).toMatchObject([{ wk_consent: "3" }])
    const visit = await asApp<{ wk_consent: string }>(
      care,
      `insert into visit (patient_id, reason, wk_consent) values ('${no}', 'planted', -1) returning wk_consent`,
    )
    expect(visit).toMatchObject([{ wk_consent: "3" }])
    expect(await ids(caller)).toEqual([yes])
    expect(await ids(caller, "select patient_id as id from visit")).toEqual([yes])
  })

  it("by forging an event, or by calling what is not for it", async () => {
    const call = await grants("caller", ["outreach"])
    const care = await grants("desk", ["care"])
    const forged = `insert into wardkeep_consent.event (at, tenant, branch, subject, kind, of_purpose, actor, role, purpose, session_id)
      values (now(), '', '', '${no}', 'granted', 'outreach', 'x', 'x', 'x', gen_random_uuid())`
    const tables = ["event", "standing", "reach", "notice", "notice_text"]
    const functions = ["compute('t', 'b', 's')", "refresh('t', 'b', 's')", "spread('t', 'b', 's')", "refresh_all()"]
    functions.push(`person('${no}')`, `hold('${no}')`, "unasked()")
    const tried = [
      forged,
      "update wardkeep.policy_purpose set wall = 'none'",
      ...tables.map((table) => `select * from wardkeep_consent.${table}`),
      ...functions.map((call) => `select wardkeep_consent.${call}`),
    ]
    for (const grant of [call, care]) expect(await attempts(grant, tried)).toEqual(tried.map(() => "42501"))
    const granted = `select wardkeep_consent.decide('${no}', '{"by":"subject","channel":"x","method":"x","evidence":"x","decisions":[{"purpose":"outreach","kind":"granted"}]}')`
    expect(await attempt(call, granted)).toBe("42501")
    // Whoever may record still cannot say yes without a notice that was served.
    expect(await attempt(care, granted)).toBe("WK503")
    const noContext = used.clinic.asApp(async (client) => {
      await client.query("begin")
      await client.query("select set_config('role', $1, true)", [roleNames(used.clinic.policy).role("desk")])
      return await client.query(granted)
    })
    await expect(noContext).rejects.toMatchObject({ code: "WK101" })
    expect(await ids(caller)).toEqual([yes])
  })

  it("by a person of another branch or tenant", async () => {
    await expect(say(used.clinic.elsewhere, { outreach: "granted" })).rejects.toMatchObject({ code: "WK503" })
    await expect(say("no-uuid", { outreach: "granted" })).rejects.toMatchObject({ code: "WK503" })
    const far = await used.clinic.session("desk", "care", { branch: 2 })
    const seen = await used.clinic.wk.run(far, () =>
      used.clinic.wk.query("select * from wardkeep_consent.history($1)", [yes]),
    )
    expect(seen.rows).toEqual([])
    const told = await used.clinic.wk.run(far, () => used.clinic.wk.query("select * from wardkeep_consent.notices()"))
    expect(told.rows).toEqual([])
  })
})

describe("under the accelerated strategy", () => {
  it("reaches the same people, and refuses the same", async () => {
    const { policy } = used.clinic
    const use = (strategy: "portable" | "accelerated") =>
      connected(database.adminUrl, (admin) => useStrategy(admin, policy, strategy))
    const call = await grants("caller", ["outreach"])
    const care = await grants("desk", ["care"])
    await use("accelerated")
    try {
      expect(await asApp(call, "select id from patient")).toEqual([{ id: yes }])
      expect(await asApp(call, "select patient_id as id from visit")).toEqual([{ id: yes }])
      expect((await asApp(care, "select id from patient")).length).toBeGreaterThan(1)
      const other = `with s as (select set_config('role', '${care.db_role}', true)) select n from s, lateral (select count(*) as n from patient) c`
      expect(await attempt(call, other)).toBe("WK107")
    } finally {
      await use("portable")
    }
  })
})

describe("what changes takes effect", () => {
  it("on the next statement of a transaction that is open on another connection", async () => {
    const subject = await used.clinic.person("1990-05-05")
    await serve(subject)
    await say(subject, { outreach: "granted" })
    const call = await grants("caller", ["outreach"])
    await used.clinic.asApp((client) =>
      inContext(client, call, async () => {
        const seen = async () => (await client.query("select from patient where id = $1", [subject])).rowCount
        expect(await seen()).toBe(1)
        await say(subject, { outreach: "withdrawn" })
        expect(await seen()).toBe(0)
      }),
    )
  })

  it("for rows about the person that are inserted while a withdrawal commits", async () => {
    const subject = await used.clinic.person("1990-05-05")
    await serve(subject)
    await say(subject, { outreach: "granted" })
    const care = await grants("desk", ["care"])
    let withdrawn: Promise<unknown> | undefined
    await used.clinic.asApp((client) =>
      inContext(client, care, async () => {
        await client.query("insert into visit (patient_id, reason) values ($1, 'during')", [subject])
        withdrawn = say(subject, { outreach: "withdrawn" })
        // It waits for this transaction, whose row it could not see.
        const state = await Promise.race([
          withdrawn.then(() => "done"),
          new Promise((r) => setTimeout(r, 300, "waits")),
        ])
        expect(state).toBe("waits")
      }),
    )
    await withdrawn
    expect(await ids(caller, `select id from visit where patient_id = '${subject}'`)).toEqual([])
  })

  it("by time, without an event, and for no purpose that needs no yes", async () => {
    const subject = await used.clinic.person("1990-05-05")
    await serve(subject)
    await say(subject, { outreach: { kind: "granted", until: new Date(Date.now() + 1500) } })
    expect(await ids(caller)).toContain(subject)
    await new Promise((resolve) => setTimeout(resolve, 1600))
    expect(await ids(caller)).not.toContain(subject)
    expect(await ids(desk)).toContain(subject)
    expect(await ids(await used.clinic.session("desk", "reminders"))).toContain(subject)
  })

  it("by an objection, for the purpose it stops and no other", async () => {
    const subject = await used.clinic.person("1990-05-05")
    const reminders = await used.clinic.session("desk", "reminders")
    expect(await ids(reminders)).toContain(subject)
    await say(subject, { reminders: "objected" })
    expect(await ids(reminders)).not.toContain(subject)
    expect(await ids(desk)).toContain(subject)
    await say(subject, { reminders: "objection_lifted" })
    expect(await ids(reminders)).toContain(subject)
  })

  it("for a service, which is bound to its one purpose", async () => {
    const seen: number[] = []
    await used.clinic.wk.job("campaign", { tenants: [used.clinic.branches[0].clinic] }, async () => {
      const { rows } = await used.clinic.wk.query<{ n: number }>("select count(*)::int as n from patient")
      seen.push(rows[0]?.n ?? -1)
    })
    expect(seen).toEqual([1])
  })
})

describe("children", () => {
  const bornToday = (years: number): string => {
    const now = new Date(Date.now() + 5.5 * 3_600_000)
    return new Date(Date.UTC(now.getUTCFullYear() - years, now.getUTCMonth(), 1)).toISOString().slice(0, 10)
  }

  it("are never reached for a forbidden purpose, whoever says yes, nor is anybody whose birth nobody knows", async () => {
    const research = await used.clinic.session("caller", "research")
    for (const born of [bornToday(10), null]) {
      const child = await used.clinic.person(born)
      await serve(child)
      const representation = await used.clinic.wk.run(desk, () =>
        represent(used.clinic.wk, {
          subject: child,
          as: "parent",
          who: "mother",
          how: "identity_held",
          evidence: "file",
        }),
      )
      await expect(say(child, { research: "granted" }, { by: "parent", representation })).rejects.toMatchObject({
        code: "WK503",
      })
      await expect(say(child, { outreach: "granted" })).rejects.toMatchObject({ code: "WK503" })
      await say(child, { outreach: "granted" }, { by: "parent", representation })
      expect(await ids(caller)).toContain(child)
      expect(await ids(research)).not.toContain(child)
    }
  })

  it("lose a parent's yes when they turn eighteen, and one of their own when they turn out to be children", async () => {
    const subject = await used.clinic.person(bornToday(10))
    await serve(subject)
    const representation = await used.clinic.wk.run(desk, () =>
      represent(used.clinic.wk, { subject, as: "parent", who: "mother", how: "token", evidence: "file" }),
    )
    await say(subject, { outreach: "granted" }, { by: "parent", representation })
    expect(await ids(caller)).toContain(subject)
    const born = (day: string) =>
      used.clinic.wk.run(desk, () =>
        used.clinic.wk.query("update patient set born_on = $2 where id = $1", [subject, day]),
      )
    await born(bornToday(19))
    expect(await ids(caller)).not.toContain(subject)
    await say(subject, { outreach: "granted" })
    expect(await ids(caller)).toContain(subject)
    await born(bornToday(12))
    expect(await ids(caller)).not.toContain(subject)
  })
})
