import { presetRoles } from "@wardkeep/permissions"
import type { Session } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { assignedPolicy, useAssigned } from "#tests/fixture/assigned.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { inContext } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { liftNarrowing, narrowRole, revokeAssignments, type Taken, takenFromRole } from "./assignments.js"
import { declareBreakGlass, openReviews, ownEmergencies, reviewBreakGlass } from "./break-glass.js"

const database = useDatabase()
const { roles } = assignedPolicy() as { roles: object }
const presets = presetRoles({
  roles: ["patient", "guardian"],
  tables: { identity: ["patient"], appointments: ["visit"] },
  purposes: { care: "care", billing: "billing", operations: "operations" },
})
const clinic = useAssigned(database, { roles: { ...roles, ...presets } })
const code = (wanted: string) => expect.objectContaining({ code: wanted })
let counter = 0
const person = async (role: string, place: number, over = {}): Promise<{ actor: string; session: Session }> => {
  const actor = `person-${counter++}`
  await clinic.grant(actor, role, place, over)
  return { actor, session: await clinic.session(actor) }
}
const chief = () => person("chief", 0, { scope: "all" })
const ids = async (session: Session, sql: string, values: unknown[] = []): Promise<string[]> =>
  await clinic.wk.run(session, async () =>
    (await clinic.wk.query<{ id: string }>(sql, values)).rows.map(({ id }) => id).sort(),
  )
const next = () => clinic.places[1]
const subject = (): string => next().patients[0] ?? ""
const emergency = (over = {}) => ({
  branch: next().branch,
  subject: subject(),
  reason: "unconscious",
  explanation: "brought in after a fall",
  minutes: 10,
  ...over,
})
const declare = (session: Session, over = {}) =>
  clinic.wk.run(session, () => declareBreakGlass(clinic.wk, emergency(over)))

describe("break-glass", () => {
  it("opens exactly that patient, in that branch, beside the ordinary context, until then", async () => {
    const { session } = await person("doctor", 0)
    const id = await declare(session)
    const opened = await clinic.issuer.openBreakGlass({ id, session })
    expect(opened.grants).toMatchObject([{ role: "emergency", branches: [next().branch] }])
    expect(Date.parse(opened.expiresAt)).toBeLessThanOrEqual(Date.now() + 600_000)
    expect(await ids(opened, "select id from patient")).toEqual([subject()])
    expect(await ids(opened, "select patient_id as id from visit")).toEqual([subject()])
    expect(await ids(opened, "select id from patient where id = $1", [next().patients[1]])).toEqual([])
    expect(await ids(opened, "select count(*)::text as id from patient")).toEqual(["1"])
    expect(await ids(session, "select id from patient")).toEqual([...clinic.places[0].patients].sort())
    for (const sql of [
      "select from patient_word",
      "select from note",
      "select from clinic",
      "update visit set reason = 'x'",
    ])
      await expect(ids(opened, sql)).rejects.toThrow()
  })

  it("shows nothing that is not on record: a declaration that was rolled back cannot be opened", async () => {
    const { actor, session } = await person("doctor", 0)
    let id = ""
    const unit = clinic.wk.run(session, () =>
      clinic.wk.tx(async (q) => {
        id = await declareBreakGlass(q, emergency())
        await expect(clinic.issuer.openBreakGlass({ id, session })).rejects.toEqual(code("WK207"))
        throw new Error("rolled back")
      }),
    )
    await expect(unit).rejects.toThrow("rolled back")
    await expect(clinic.issuer.openBreakGlass({ id, session })).rejects.toEqual(code("WK207"))
    expect(
      await clinic.admin("select from wardkeep.token where actor = $1 and break_glass is not null", [actor]),
    ).toEqual([])
  })

  it("mints nothing for the application's login, and nothing for another session or actor", async () => {
    const { session } = await person("doctor", 0)
    const { session: other } = await person("doctor", 0)
    const id = await declare(session)
    for (const call of ["wardkeep.open_break_glass('{}', 'k001', '')", "wardkeep.mint(null, null)"])
      await expect(ids(session, `select ${call}`)).rejects.toThrow(/permission denied/)
    for (const wrong of [other, { id: session.id, actor: other.actor }, { id: other.id, actor: session.actor }])
      await expect(clinic.issuer.openBreakGlass({ id, session: wrong })).rejects.toEqual(code("WK207"))
    expect(await ids(await clinic.issuer.openBreakGlass({ id, session }), "select id from patient")).toHaveLength(1)
  })

  it("is refused without a reason of the policy file, an explanation, a branch of the tenant, or within the time", async () => {
    const { session } = await person("doctor", 0)
    for (const wrong of [
      { reason: "curious" },
      { explanation: "  " },
      { subject: "" },
      { branch: clinic.places[2].branch },
      { minutes: 61 },
      { minutes: 0 },
      { minutes: -5 },
    ])
      await expect(declare(session, wrong)).rejects.toEqual(code("WK207"))
    for (const role of ["reception", "chief"])
      await expect(declare((await person(role, 0)).session)).rejects.toEqual(code("WK207"))
    const asked = {
      assignments: [{ tenant: next().clinic, branches: "all" as const, role: "emergency", subjects: [subject()] }],
    }
    await expect(clinic.session(session.actor, asked)).rejects.toEqual(code("WK202"))
  })

  it("is not renewed without a review by somebody else, which ends it", async () => {
    const { session } = await person("doctor", 0)
    const { session: boss } = await chief()
    const id = await declare(session)
    const opened = await clinic.issuer.openBreakGlass({ id, session })
    await expect(declare(session, { branch: clinic.places[0].branch })).rejects.toEqual(code("WK207"))
    const review = { id, verdict: "justified" as const, note: "seen with the ward" }
    await expect(clinic.wk.run(session, () => reviewBreakGlass(clinic.wk, review))).rejects.toEqual(code("WK207"))
    const { session: elsewhere } = await person("chief", 2, { scope: "all" })
    await expect(clinic.wk.run(elsewhere, () => reviewBreakGlass(clinic.wk, review))).rejects.toEqual(code("WK207"))
    const open = await clinic.wk.run(boss, () => openReviews(clinic.wk))
    expect(open.find((e) => e.id === id)).toMatchObject({ declared_by: session.actor, subject: subject() })
    await expect(clinic.wk.run(boss, () => reviewBreakGlass(clinic.wk, { ...review, note: " " }))).rejects.toEqual(
      code("WK207"),
    )
    await clinic.wk.run(boss, () => reviewBreakGlass(clinic.wk, review))
    await expect(ids(opened, "select id from patient")).rejects.toEqual(code("WK102"))
    await expect(clinic.issuer.openBreakGlass({ id, session })).rejects.toEqual(code("WK207"))
    await expect(clinic.wk.run(boss, () => reviewBreakGlass(clinic.wk, review))).rejects.toEqual(code("WK207"))
    await clinic.issuer.openBreakGlass({ id: await declare(session), session })
    const kinds = await clinic.admin<{ kind: string }>(
      "select kind from wardkeep.activity where detail ->> 'break_glass' = $1 order by id",
      [id],
    )
    expect(kinds.map(({ kind }) => kind)).toEqual([
      "break_glass_declared",
      "break_glass_opened",
      "break_glass_reviewed",
    ])
  })

  it("declared twice at the same moment is one emergency", async () => {
    const { session } = await person("doctor", 0)
    const both = await Promise.allSettled([declare(session), declare(session)])
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
  })

  it("ends with the assignment and with the session that it was opened from", async () => {
    const { session: boss } = await chief()
    for (const end of ["revoke", "session"] as const) {
      const { actor, session } = await person("doctor", 0)
      const id = await declare(session)
      const opened = await clinic.issuer.openBreakGlass({ id, session })
      if (end === "revoke") await clinic.wk.run(boss, () => revokeAssignments(clinic.wk, { actor, reason: "left" }))
      else await clinic.issuer.endSession(session.id, "signed out")
      await expect(ids(opened, "select id from patient")).rejects.toEqual(code("WK102"))
      await expect(clinic.issuer.openBreakGlass({ id, session })).rejects.toEqual(code("WK207"))
    }
  })

  it("goes on in another session of the same person after a newer second factor, until the same end, on record", async () => {
    const { actor, session } = await person("doctor", 0)
    const { session: other } = await person("doctor", 0)
    const before = new Date()
    const id = await declare(session)
    const first = await clinic.issuer.openBreakGlass({ id, session })
    await clinic.issuer.endSession(session.id, "idle for too long")
    const own = async (of: Session) =>
      (await clinic.wk.run(of, () => ownEmergencies(clinic.wk))).map((one) => [one.id, one.opened_in])
    for (const factor of [{}, { mfaAt: before }]) {
      const again = await clinic.session(actor, factor)
      expect(await own(again)).toEqual([[id, session.id]])
      await expect(clinic.issuer.openBreakGlass({ id, session: again })).rejects.toEqual(code("WK202"))
    }
    expect(await own(other)).toEqual([])
    const again = await clinic.session(actor, { mfaAt: new Date() })
    for (const wrong of [
      other,
      { id: other.id, actor },
      { id: session.id, actor },
      { id: again.id, actor: other.actor },
    ])
      await expect(clinic.issuer.openBreakGlass({ id, session: wrong })).rejects.toEqual(code("WK207"))
    const opened = await clinic.issuer.openBreakGlass({ id, session: again })
    expect(opened).toMatchObject({ id: again.id, expiresAt: first.expiresAt })
    expect(await ids(opened, "select id from patient")).toEqual([subject()])
    await expect(declare(again)).rejects.toEqual(code("WK207"))
    await clinic.issuer.openBreakGlass({ id, session: again })
    const lines = await clinic.admin<{ kind: string; session: string | null }>(
      "select kind, detail ->> 'session' as session from wardkeep.activity where detail ->> 'break_glass' = $1 order by id",
      [id],
    )
    expect(lines).toEqual([
      { kind: "break_glass_declared", session: null },
      { kind: "break_glass_opened", session: session.id },
      { kind: "break_glass_resumed", session: again.id },
      { kind: "break_glass_opened", session: again.id },
    ])
    await clinic.issuer.endSession(again.id, "signed out")
    await expect(ids(opened, "select id from patient")).rejects.toEqual(code("WK102"))
  })

  it.each([
    ["its minutes have passed", "update wardkeep.break_glass set valid_until = clock_timestamp() where id = $1"],
    [
      "a restore brought its record back, without its session",
      "delete from wardkeep.session s using wardkeep.break_glass b where b.id = $1 and s.id = b.session_id",
    ],
    ["its clinic went", "update wardkeep.break_glass set closed_at = clock_timestamp() where id = $1"],
  ])("does not go on once %s", async (_, ended) => {
    const { actor, session } = await person("doctor", 0)
    const id = await declare(session)
    await clinic.issuer.endSession(session.id, "idle for too long")
    const again = await clinic.session(actor, { mfaAt: new Date() })
    await clinic.admin(ended, [id])
    expect(await clinic.wk.run(again, () => ownEmergencies(clinic.wk))).toEqual([])
    await expect(clinic.issuer.openBreakGlass({ id, session: again })).rejects.toEqual(code("WK207"))
  })

  it("does not go on as somebody who is no longer what they were when they declared it", async () => {
    const { actor, session } = await person("doctor", 0)
    const { session: boss } = await chief()
    const id = await declare(session)
    await clinic.wk.run(boss, () => revokeAssignments(clinic.wk, { actor, reason: "to the desk" }))
    await clinic.grant(actor, "reception", 0)
    const again = await clinic.session(actor, { mfaAt: new Date() })
    expect(await clinic.wk.run(again, () => ownEmergencies(clinic.wk))).toEqual([])
    await expect(clinic.issuer.openBreakGlass({ id, session: again })).rejects.toEqual(code("WK207"))
  })

  it("without a token the emergency role reads nothing, and another role's token does not fit it", async () => {
    const { session } = await person("doctor", 0)
    const opened = await clinic.issuer.openBreakGlass({ id: await declare(session), session })
    const role = opened.grants[0]?.dbRole
    const tries = [
      ["select id from patient where (select set_config('wardkeep.token', '', true)) = ''", /WK101|no context/],
      [
        `select id from patient where (select set_config('wardkeep.token', '${session.grants[0]?.token}', true)) <> ''`,
        /role/,
      ],
      [
        `with r as materialized (select set_config('role', '${session.grants[0]?.dbRole}', true)) select id from patient, r`,
        /role|denied/,
      ],
    ] as const
    expect(role).toMatch(/emergency$/)
    for (const [sql, message] of tries) await expect(ids(opened, sql)).rejects.toThrow(message)
  })
})

describe("a patient or guardian", () => {
  it("sees the subjects that were assigned, in their branches, and loses them one by one", async () => {
    const { session: boss } = await chief()
    const [one, two] = clinic.places[0].patients
    const actor = `guardian-${counter++}`
    const first = await clinic.grant(actor, "portal", 0, { subject: one })
    await clinic.grant(actor, "portal", 0, { subject: two })
    await expect(clinic.grant(actor, "portal", 0, { subject: one })).rejects.toEqual(code("WK206"))
    const session = await clinic.session(actor)
    expect(await ids(session, "select id from patient")).toEqual([one, two].sort())
    await clinic.wk.run(boss, () => revokeAssignments(clinic.wk, { actor, id: first, reason: "of age" }))
    expect(await ids(session, "select id from patient")).toEqual([two])
    expect(await ids(session, "select patient_id as id from visit")).toEqual([two])
  })

  it("with subjects in two branches gets no cross product of them", async () => {
    const actor = `guardian-${counter++}`
    await clinic.grant(actor, "portal", 0, { subject: clinic.places[0].patients[0] })
    await clinic.grant(actor, "portal", 1, { subject: clinic.places[1].patients[0] })
    const session = await clinic.session(actor)
    expect(session.grants.map(({ branches }) => branches.length)).toEqual([1, 1])
    for (const place of [clinic.places[0], clinic.places[1]])
      expect(
        await clinic.wk.run(session, { branch: place.branch }, async () =>
          (await clinic.wk.query<{ id: string }>("select id from patient")).rows.map(({ id }) => id),
        ),
      ).toEqual([place.patients[0]])
  })
})

describe.each(["patient", "guardian"] as const)("the role %s, by SQL with the application's login", (role) => {
  it("reads, counts, looks for and writes nothing of anybody but its subjects", async () => {
    const { session: doctor } = await person("doctor", 0)
    const born = "insert into patient (full_name) values ('Kavya') returning id"
    const seen = "insert into visit (patient_id, reason) values ($1, 'fever') returning patient_id as id"
    const [baby = ""] = await ids(doctor, born)
    expect(await ids(doctor, seen, [baby])).toEqual([baby])
    const [one = "", other = ""] = clinic.places[0].patients
    const mine = (role === "guardian" ? [one, baby] : [one]).sort()
    const actor = `${role}-${counter++}`
    const validUntil = new Date(Date.now() + 3_600_000)
    for (const each of mine) await clinic.grant(actor, role, 0, { subject: each, validUntil })
    const [grant] = (await clinic.session(actor)).grants
    const held = { db_role: grant?.dbRole ?? "", token: grant?.token ?? "", tenant: grant?.tenant ?? "" }
    const ask = (sql: string, values: unknown[] = []): Promise<string[]> =>
      connected(database.appUrl(clinic.host.logins.app), (app) =>
        inContext(app, held, async () => (await app.query<{ id: string }>(sql, values)).rows.map(({ id }) => id)),
      )
    expect(await ids(doctor, "select id from patient where id = $1", [other])).toEqual([other])
    expect(await ask("select id from public.patient order by id")).toEqual(mine)
    expect(await ask("select patient_id as id from public.visit order by 1")).toEqual(mine)
    expect(await ask("select count(*)::int as id from public.patient")).toEqual([mine.length])
    for (const sql of [
      "select id from public.patient where id = $1",
      "select patient_id as id from public.visit where patient_id = $1",
      "select v.patient_id as id from public.visit v left join public.patient p on p.id = v.patient_id where v.patient_id = $1",
    ])
      expect(await ask(sql, [other]), sql).toEqual([])
    // A row that is there would divide by zero before it is hidden.
    const oracle = "select id from public.patient where 1 / (case when id = $1 then 0 else 1 end) > 0 order by id"
    expect(await ask(oracle, [other])).toEqual(mine)
    await expect(ask(oracle, [one])).rejects.toEqual(code("22012"))
    for (const sql of [
      "update public.patient set full_name = 'x' where id = $1",
      "delete from public.visit where patient_id = $1",
      "insert into public.visit (patient_id, reason) values ($1, 'x')",
      "select id from public.patient where id = $1 for share",
      "select id from public.note where $1::uuid is not null",
      "select word as id from public.patient_word where patient_id = $1",
    ])
      for (const each of [one, other]) await expect(ask(sql, [each]), sql).rejects.toEqual(code("42501"))
    // The subjects are of the token and its role: with a role that is not confined it is good for nothing.
    const asDoctor = `with r as materialized (select set_config('role', '${doctor.grants[0]?.dbRole}', true)) select id from r, public.patient`
    await expect(ask(asDoctor)).rejects.toEqual(code("WK107"))
    if (role === "patient") await expect(clinic.grant(actor, role, 0)).rejects.toEqual(code("WK206"))
    await ids(doctor, "delete from patient where id = $1 returning id", [baby])
  })
})

describe("the preset guardian", () => {
  it("has an end for each ward, and reaches neither the other nor the clinic once one has ended", async () => {
    const [one = "", two = ""] = clinic.places[0].patients
    const actor = `guardian-${counter++}`
    await expect(clinic.grant(actor, "guardian", 0, { subject: one })).rejects.toEqual(code("WK206"))
    const soon = new Date(Date.now() + 2000)
    await clinic.grant(actor, "guardian", 0, { subject: one, validUntil: soon })
    await clinic.grant(actor, "guardian", 0, { subject: two, validUntil: new Date(Date.now() + 3_600_000) })
    const session = await clinic.session(actor)
    const both = await ids(session, "select id from patient").catch((error: { code?: string }) => error.code)
    // A machine that took longer than the assignment has shown the end of it already.
    if (Date.now() < soon.getTime()) expect(both).toEqual([one, two].sort())
    await clinic.admin("select pg_sleep(greatest(0, extract(epoch from $1::timestamptz - clock_timestamp()) + 0.05))", [
      soon,
    ])
    expect(await ids(await clinic.session(actor), "select id from patient")).toEqual([two])
    await expect(ids(session, "select id from patient")).rejects.toEqual(code("WK102"))
    for (const sql of ["select id from staff", "select id from branch", "select id from note", "select id from clinic"])
      await expect(ids(await clinic.session(actor), sql), sql).rejects.toEqual(code("42501"))
  })
})

describe("a tenant that narrows a role", () => {
  const narrow = (session: Session, role: string, taken: Taken) =>
    clinic.wk.run(session, () => narrowRole(clinic.wk, clinic.host.policy, { role, taken, reason: "audit" }))
  const lift = (session: Session, role: string, taken: Taken) =>
    clinic.wk.run(session, () => liftNarrowing(clinic.wk, clinic.host.policy, { role, taken, reason: "done" }))

  it.each([
    ["read", "select id from visit", 2],
    ["update", "update visit set reason = 'x' returning id", 2],
    ["delete", "delete from visit where reason = 'none' returning id", 0],
  ] as const)(
    "takes %s from open sessions and new ones, in its own clinic only, and can give it back",
    async (action, sql, rows) => {
      const { session: boss } = await chief()
      const { session } = await person("reception", 0)
      const { session: other } = await person("reception", 2)
      const { session: doctor } = await person("doctor", 0)
      expect(await ids(session, sql)).toHaveLength(rows)
      await narrow(boss, "reception", { action, table: "visit" })
      const later = (await person("reception", 0)).session
      for (const one of [session, later]) expect(await ids(one, sql)).toHaveLength(0)
      for (const one of [other, doctor]) expect(await ids(one, sql)).toHaveLength(rows)
      const probe = "select count(*)::text as id from visit"
      expect(await ids(session, probe)).toEqual([action === "read" ? "0" : "2"])
      const menu = (one: Session) => clinic.wk.run(one, () => takenFromRole(clinic.wk))
      expect([await menu(session), await menu(later), await menu(other), await menu(doctor)]).toEqual([
        ...[[`${action} public.visit`], [`${action} public.visit`]],
        ...[[], []],
      ])
      expect(await lift(boss, "reception", { action, table: "visit" })).toBe(true)
      expect(await ids(session, sql)).toHaveLength(0)
      expect(await ids((await person("reception", 0)).session, sql)).toHaveLength(rows)
    },
  )

  it("takes a purpose or the whole role, from sessions that are being issued too", async () => {
    const { session: boss } = await chief()
    const { actor, session } = await person("locum", 0, { validUntil: new Date(Date.now() + 3_600_000) })
    const issuing = Promise.allSettled(Array.from({ length: 6 }, () => clinic.session(actor)))
    await narrow(boss, "locum", "role")
    await expect(ids(session, "select id from patient")).rejects.toEqual(code("WK102"))
    for (const one of await issuing)
      if (one.status === "fulfilled")
        await expect(ids(one.value, "select id from patient")).rejects.toEqual(code("WK102"))
    await expect(clinic.session(actor)).rejects.toEqual(code("WK202"))
    await lift(boss, "locum", "role")
    await narrow(boss, "locum", { purpose: "care" })
    await expect(clinic.session(actor)).rejects.toEqual(code("WK202"))
    await lift(boss, "locum", { purpose: "care" })
    expect((await clinic.session(actor)).grants).toHaveLength(1)
  })

  it("is for whoever may grant the role in the whole tenant, and nobody gives back to themselves", async () => {
    const { session: admin } = await person("admin", 0)
    await expect(narrow(admin, "reception", "role")).rejects.toEqual(code("WK206"))
    const { session: boss } = await chief()
    await expect(narrow(boss, "emergency", "role")).rejects.toEqual(code("WK206"))
    await expect(narrow(boss, "doctor", { action: "create", table: "visit" })).rejects.toEqual(code("WK009"))
    const both = `both-${counter++}`
    await clinic.grant(both, "chief", 0, { scope: "all" })
    await clinic.grant(both, "doctor", 0)
    const session = await clinic.session(both)
    const asChief = <T>(work: () => Promise<T>) => clinic.wk.run(session, { role: "chief" }, work)
    const change = { role: "doctor", taken: { action: "delete", table: "visit" } as const, reason: "x" }
    await asChief(() => narrowRole(clinic.wk, clinic.host.policy, change))
    await expect(asChief(() => liftNarrowing(clinic.wk, clinic.host.policy, change))).rejects.toEqual(code("WK206"))
    for (const bad of ["all", "read", "read visit; x", "grant public.visit", ""])
      await expect(
        asChief(() => clinic.wk.query("select wardkeep.narrow_role('doctor', $1, 'x')", [bad])),
      ).rejects.toEqual(code("WK206"))
  })
})
