import { randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { askedTwice, inferences } from "#tests/attacks/hidden.ts"
import { assignedPolicy, useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { enterBySql, type Grant } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type RequestKind, signRequest } from "../issue/signature.js"
import { declareBreakGlass } from "./break-glass.js"
import { referPatient } from "./crossings.js"
import { allowSupport, endSupport, listSupport, type SupportAllowance } from "./support.js"

const base = assignedPolicy() as { tables: { patient: object } }
const { roles, crossings } = crossingPolicy() as { roles: object; crossings: object }
const shown = { read: ["clinic_id", "branch_id", "id", "full_name"] }
const database = useDatabase()
const clinic = useAssigned(database, {
  tables: { ...base.tables, patient: { ...base.tables.patient, columns: { sensitive: ["full_name", "phone"] } } },
  crossings,
  roles: {
    ...roles,
    consultant: { purposes: ["care"], confined: true, can: { patient: shown, visit: "read" } },
    emergency: { purposes: ["care"], confined: true, can: { patient: shown, visit: "read" } },
    support: {
      purposes: ["operations"],
      mfa: "PT1H",
      can: { patient: { read: ["clinic_id", "branch_id", "id"] }, drug: "read" },
    },
  },
  support: { role: "support", allowedBy: ["chief", "admin"], longest: "PT1H", breakGlass: ["system_down"] },
})
const code = (wanted: string, text?: RegExp) =>
  expect.objectContaining({ code: wanted, ...(text && { message: expect.stringMatching(text) }) })
let counter = 0
const name = (): string => `person-${counter++}`
const person = async (role: string, place: number, over = {}): Promise<Session> => {
  const actor = name()
  await clinic.grant(actor, role, place, over)
  return await clinic.session(actor)
}
const chief = () => person("chief", 0, { scope: "all" })
const allow = (session: Session, actor: string, over: Partial<SupportAllowance> = {}) =>
  clinic.wk.run(session, () =>
    allowSupport(clinic.wk, { actor, branch: clinic.places[0].branch, reason: "ticket 4711", minutes: 30, ...over }),
  )
const open = (id: string, actor: string, mfaAt: Date | undefined = new Date()) =>
  clinic.issuer.openSupport({ id, actor, ...(mfaAt && { mfaAt }) })
const ids = async (session: Session, sql = "select id from patient"): Promise<string[]> =>
  await clinic.wk.run(session, async () => (await clinic.wk.query<{ id: string }>(sql)).rows.map(({ id }) => id).sort())
const end = (session: Session, id: string, note = "done") =>
  clinic.wk.run(session, () => endSupport(clinic.wk, { id, note }))
const listed = async (session: Session, id: string) =>
  (await clinic.wk.run(session, () => listSupport(clinic.wk))).find((one) => one.id === id)

describe("a support session", () => {
  it("is opened for the person whom the clinic allowed, in that branch, masked, and ends by one statement of the clinic", async () => {
    const boss = await chief()
    const vendor = name()
    const id = await allow(boss, vendor)
    expect(await listed(boss, id)).toMatchObject({ actor: vendor, allowed_by: boss.actor, opened_at: null, code: null })
    const session = await open(id, vendor)
    expect(session.grants).toMatchObject([{ role: "support", branches: [clinic.places[0].branch] }])
    expect(Date.parse(session.expiresAt)).toBeLessThanOrEqual(Date.now() + 30 * 60_000)
    expect(await ids(session)).toEqual([...clinic.places[0].patients].sort())
    // The view of the same shape shows nothing in a masked column, by which the client lets nobody search; the table itself refuses.
    expect(await ids(session, "select full_name as id from patient")).toEqual([null, null])
    await expect(ids(session, "select id from patient where full_name = 'Kavya'")).rejects.toMatchObject({
      code: "WK117",
    })
    for (const sql of [
      "select full_name as id from public.patient",
      "select id from public.patient where phone = '1'",
      "select id from public.patient order by full_name",
      "select id from visit",
      "select word as id from public.patient_word",
      "update public.patient set full_name = 'x'",
      "delete from public.patient",
      "select wardkeep.allow_support('x', null, 'r', 1)::text as id",
      "select wardkeep.end_support(gen_random_uuid(), 'r')::text as id",
      "select id::text from wardkeep.support",
    ])
      await expect(ids(session, sql), sql).rejects.toThrow()
    expect((await listed(boss, id))?.opened_at).toBeInstanceOf(Date)
    expect(await end(boss, id)).toBe(true)
    await expect(ids(session)).rejects.toEqual(code("WK102"))
    await expect(open(id, vendor)).rejects.toEqual(code("WK240"))
    expect(await end(boss, id)).toBe(false)
    const lines = await clinic.admin<{ kind: string }>(
      "select kind from wardkeep.activity where detail ->> 'support' = $1 order by id",
      [id],
    )
    expect(lines.map(({ kind }) => kind)).toEqual(["support_allowed", "support_opened", "support_ended"])
  })

  it("shows nothing that is not on record, to nobody else, without a second factor, or after its minutes", async () => {
    const boss = await chief()
    const vendor = name()
    let rolledBack = ""
    const unit = clinic.wk.run(boss, () =>
      clinic.wk.tx(async (q) => {
        rolledBack = await allowSupport(q, { actor: vendor, reason: "r", minutes: 5 })
        throw new Error("no")
      }),
    )
    await expect(unit).rejects.toThrow("no")
    await expect(open(rolledBack, vendor)).rejects.toEqual(code("WK240"))
    const id = await allow(boss, vendor)
    await expect(open(id, name())).rejects.toEqual(code("WK240"))
    await expect(clinic.issuer.openSupport({ id, actor: vendor })).rejects.toEqual(code("WK202"))
    await expect(open(id, vendor, new Date(Date.now() - 2 * 3_600_000))).rejects.toEqual(code("WK202"))
    await expect(open(id, vendor, new Date(Date.now() + 3_600_000))).rejects.toEqual(code("WK202"))
    await clinic.admin("update wardkeep.support set valid_until = clock_timestamp() where id = $1", [id])
    await expect(open(id, vendor)).rejects.toEqual(code("WK240"))
    // The role is opened this way only.
    await expect(clinic.grant(name(), "support", 0)).rejects.toEqual(code("WK206"))
  })

  it("is allowed by the clinic's own roles, in their own branches, to others, and no longer than the policy file says", async () => {
    const [boss, admin, doctor] = [await chief(), await person("admin", 0), await person("doctor", 0)]
    const vendor = name()
    const elsewhere = clinic.places[2].branch
    await expect(allow(doctor, vendor)).rejects.toEqual(code("WK240"))
    await expect(allow(admin, vendor, { branch: clinic.places[1].branch })).rejects.toEqual(code("WK240"))
    const whole = { actor: vendor, reason: "r", minutes: 5 }
    await expect(clinic.wk.run(admin, () => allowSupport(clinic.wk, whole))).rejects.toEqual(code("WK240"))
    await expect(allow(boss, vendor, { branch: elsewhere })).rejects.toEqual(code("WK240"))
    await expect(allow(boss, boss.actor)).rejects.toEqual(code("WK240", /themselves/))
    for (const minutes of [0, -1, 61]) await expect(allow(boss, vendor, { minutes })).rejects.toEqual(code("WK240"))
    await expect(allow(boss, vendor, { reason: " " })).rejects.toEqual(code("WK240"))
    const id = await allow(admin, vendor)
    expect(await listed(admin, id)).toMatchObject({ actor: vendor })
    // Another clinic sees nothing of it and ends nothing of it; nor does a branch that it does not touch.
    const other = await person("chief", 2, { scope: "all" })
    const sibling = await person("admin", 1)
    for (const one of [other, sibling]) {
      expect(await listed(one, id)).toBeUndefined()
      expect(await end(one, id)).toBe(false)
    }
    await expect(end(boss, id, " ")).rejects.toEqual(code("WK240"))
    // A session over the whole clinic touches every branch: each of them sees it and may end it.
    const over = await clinic.wk.run(boss, () => allowSupport(clinic.wk, { ...whole, actor: name() }))
    expect(await end(sibling, over, "not in my branch")).toBe(true)
  })

  it("without the clinic's word needs a code, is seen at once, and is not had again before the clinic has seen it", async () => {
    const boss = await chief()
    const actor = name()
    const { clinic: tenant, branch } = clinic.places[0]
    const declared = { actor, tenant, branch, code: "system_down", reason: "no printer", minutes: 10 }
    for (const bad of [{ code: "curious" }, { branch: clinic.places[2].branch }, { minutes: 61 }, { reason: "" }])
      await expect(clinic.issuer.declareSupport({ ...declared, ...bad })).rejects.toEqual(code("WK240"))
    const id = await clinic.issuer.declareSupport(declared)
    expect(await listed(boss, id)).toMatchObject({ code: "system_down", allowed_as: "vendor", opened_at: null })
    const session = await open(id, actor)
    expect(await ids(session)).toHaveLength(2)
    await expect(clinic.issuer.declareSupport(declared)).rejects.toEqual(code("WK240", /waits/))
    await clinic.admin("update wardkeep.support set valid_until = clock_timestamp() where id = $1", [id])
    await expect(clinic.issuer.declareSupport(declared)).rejects.toEqual(code("WK240", /waits/))
    expect(await end(boss, id, "seen, in order")).toBe(true)
    await expect(ids(session)).rejects.toEqual(code("WK102"))
    expect(await clinic.issuer.declareSupport(declared)).not.toBe(id)
  })

  it("is over with the person's offboarding, opened or not, and with the rules it was opened under", async () => {
    const boss = await chief()
    const [gone, stays] = [name(), name()]
    const [first, second, third] = [await allow(boss, gone), await allow(boss, gone), await allow(boss, stays)]
    const session = await open(first, gone)
    await clinic.issuer.offboard({ actor: gone, by: "hr", reason: "left the vendor" })
    await expect(ids(session)).rejects.toEqual(code("WK102"))
    await expect(open(second, gone)).rejects.toEqual(code("WK240"))
    const left = await open(third, stays)
    await clinic.admin("update wardkeep.policy_rule set support = jsonb_set(support, '{allowedBy}', '[\"admin\"]')")
    await expect(open(third, stays)).rejects.toEqual(code("WK240"))
    await clinic.host.apply()
    await expect(ids(left)).rejects.toEqual(code("WK102"))
    expect(await ids(await open(third, stays))).toHaveLength(2)
  })

  it("that is being opened while the clinic ends it is ended", async () => {
    const boss = await chief()
    const vendor = name()
    const id = await allow(boss, vendor)
    await connected(database.adminUrl, async (admin) => {
      await admin.query("begin")
      await admin.query("select from wardkeep.support where id = $1 for update", [id])
      const opening = open(id, vendor)
      expect(await waitsFor(database.adminUrl, admin, opening)).toBe("waits")
      const ending = end(boss, id)
      await admin.query("commit")
      const opened = await opening.catch((error: unknown) => error)
      expect(await ending).toBe(true)
      if (opened instanceof Error) expect(opened).toEqual(code("WK240"))
      else await expect(ids(opened as Session)).rejects.toEqual(code("WK102"))
    })
    expect(await clinic.admin("select from wardkeep.token where support = $1", [id])).toEqual([])
  })

  it("goes with its branch, whose people are the only ones who could have ended it", async () => {
    const boss = await chief()
    const { clinic: tenant } = clinic.places[0]
    const branch = randomUUID()
    await clinic.admin("insert into branch (id, clinic_id, name) values ($1, $2, 'new')", [branch, tenant])
    const actor = name()
    const declared = { actor, tenant, branch, code: "system_down", reason: "no printer", minutes: 10 }
    const id = await clinic.issuer.declareSupport(declared)
    const session = await open(id, actor)
    await clinic.admin("delete from branch where id = $1", [branch])
    await expect(ids(session)).rejects.toEqual(code("WK102"))
    // Not again with a branch that is given the key.
    await clinic.admin("insert into branch (id, clinic_id, name) values ($1, $2, 'again')", [branch, tenant])
    await expect(open(id, actor)).rejects.toEqual(code("WK240"))
    // Nor is the next one of another branch held off by what nobody can end.
    const next = await clinic.issuer.declareSupport({ ...declared, branch: clinic.places[0].branch })
    expect(await end(boss, next, "seen")).toBe(true)
  })

  // Last: the clinic is gone afterwards.
  it("goes with its clinic, so that whoever is given the key again has none", async () => {
    const boss = await person("chief", 2, { scope: "all" })
    const vendor = name()
    const { branch, clinic: tenant } = clinic.places[2]
    const [opened, waiting] = [await allow(boss, vendor, { branch }), await allow(boss, vendor, { branch })]
    const session = await open(opened, vendor)
    await clinic.admin("select wardkeep.forget_tenant($1, null)", [tenant])
    await clinic.admin("insert into wardkeep.known_tenant values ($1)", [tenant])
    await expect(ids(session)).rejects.toEqual(code("WK102"))
    for (const id of [opened, waiting]) await expect(open(id, vendor)).rejects.toEqual(code("WK240"))
  })
})

interface Opening {
  readonly kind: RequestKind
  readonly actor: string
  readonly body: object
}

/** What is opened beside an ordinary session, each ready to be opened. */
const openings: readonly (readonly [string, () => Promise<Opening>])[] = [
  [
    "a support session",
    async () => {
      const actor = name()
      const support = await allow(await chief(), actor)
      return { kind: "support", actor, body: { support, actor, mfa_at: new Date().toISOString() } }
    },
  ],
  [
    "a referral",
    async () => {
      const [here, there] = clinic.places
      const [sender, { actor, id }] = [await person("doctor", 0), await person("doctor", 1)]
      const of = { subject: here.patients[0] ?? "", from: here.branch, to: there.branch, records: ["public.patient"] }
      const until = new Date(Date.now() + 3_600_000)
      const referral = await clinic.wk.run(sender, () =>
        referPatient(clinic.wk, { ...of, until, basis: "second_opinion" }),
      )
      return { kind: "referral", actor, body: { referral, session_id: id, actor } }
    },
  ],
  [
    "an emergency",
    async () => {
      const [, there] = clinic.places
      const doctor = await person("doctor", 0)
      const of = {
        branch: there.branch,
        subject: there.patients[0] ?? "",
        reason: "unconscious",
        explanation: "a fall",
      }
      const declared = await clinic.wk.run(doctor, () => declareBreakGlass(clinic.wk, { ...of, minutes: 10 }))
      return {
        kind: "break_glass",
        actor: doctor.actor,
        body: { break_glass: declared, session_id: doctor.id, actor: doctor.actor },
      }
    },
  ],
]

const call = (kind: RequestKind, fn: string, body: object): [string, unknown[]] => {
  const { request, kid, mac } = signRequest(kind, body, clinic.key.id, clinic.key.secret)
  return [`select * from wardkeep.${fn}($1, $2, $3)`, [request, kid, mac]]
}
const opening = ({ kind, body }: Opening) => call(kind, `open_${kind}`, body)
const asIssuer = <T>(work: (issuer: import("pg").Client) => Promise<T>): Promise<T> =>
  connected(database.url(clinic.host.logins.issuer), work)

it.each(openings)(
  "what is told in %s does not depend on a column that its role does not read",
  async (_name, ready) => {
    const one = await ready()
    const grant = await asIssuer(async (issuer) => (await issuer.query<Grant>(...opening(one))).rows[0]!)
    const [row] = await clinic.admin<{ id: string }>(
      "select id from patient where branch_id = any ($1::uuid[]) limit 1",
      [grant.branches],
    )
    const [first, second] = await askedTwice({
      adminUrl: database.adminUrl,
      appUrl: database.appUrl(clinic.host.logins.app),
      id: row?.id ?? "",
      dbRole: grant.db_role,
      view: true,
      async enter(attacker) {
        await attacker.client.query("begin")
        await enterBySql(attacker.client, grant)
        expect(await attacker.query(`select * from ${grant.db_role}.patient`)).toBeGreaterThan(0)
      },
    })
    expect(first.size).toBe(2 * inferences.length)
    expect([...second]).toEqual([...first])
  },
)

describe("offboarding at the moment in which somebody opens", () => {
  const offboarding = (actor: string) => call("offboard", "offboard", { actor, by: "hr", reason: "left" })
  /** `first` is done and not committed while `second` waits for it. */
  const inTurn = (first: [string, unknown[]], second: [string, unknown[]]) =>
    asIssuer((one) =>
      asIssuer(async (other) => {
        await one.query("begin")
        const done = await one.query<Grant>(...first)
        const waiting = other.query<Grant>(...second).catch((error: unknown) => error)
        expect(await waitsFor(database.adminUrl, one, waiting)).toBe("waits")
        await one.query("commit")
        return { opened: done.rows[0], late: await waiting }
      }),
    )

  it.each(openings)("%s that was opened just before is worth nothing afterwards", async (_name, ready) => {
    const one = await ready()
    const { opened } = await inTurn(opening(one), offboarding(one.actor))
    await connected(database.appUrl(clinic.host.logins.app), async (app) => {
      await app.query("begin")
      const spent = enterBySql(app, opened!).then(() => app.query("select from public.patient"))
      await expect(spent).rejects.toEqual(code("WK102"))
      await app.query("rollback")
    })
    expect(await clinic.admin("select from wardkeep.token where actor = $1", [one.actor])).toEqual([])
  })

  it.each(openings)("%s that waits behind it is not opened", async (_name, ready) => {
    const one = await ready()
    const { late } = await inTurn(offboarding(one.actor), opening(one))
    expect(late).toMatchObject({ code: expect.stringMatching(/^WK2(02|07|30|40)$/) })
    expect(await clinic.admin("select from wardkeep.token where actor = $1", [one.actor])).toEqual([])
  })
})
