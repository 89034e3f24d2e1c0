import {
  type DestroyOptions,
  decideRequest,
  destroyPerson,
  history,
  identifyRequest,
  openRequest,
  represent,
} from "@wardkeep/consent"
import { definePolicy } from "@wardkeep/core"
import {
  allowSupport,
  createWardkeep,
  declareBreakGlass,
  movePatient,
  referPatient,
  type Session,
  type Wardkeep,
} from "@wardkeep/postgres"
import { apply, backfill, install, type Queryable } from "@wardkeep/postgres/migrate"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { consentingDocument, extensions, useConsenting } from "#tests/fixture/consenting.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useConsenting(database, "bigint")
let desk: Session
let head: Session

beforeAll(async () => {
  desk = await used.clinic.session("desk", "care")
  head = await used.clinic.session("head", "care")
})

const as = <T>(session: Session, work: () => Promise<T>): Promise<T> => used.clinic.wk.run(session, work)
const seen = (subject: string, session = desk) =>
  as(session, async () => (await used.clinic.wk.query("select from patient where id = $1", [subject])).rowCount)
const answer = { outcome: "fulfilled", words: "Done.", contact: "x@x.example", keep: [] } as const

async function asked(subject: string): Promise<string> {
  const { wk } = used.clinic
  const dueAt = new Date(Date.now() + 86_400_000)
  const request = await as(desk, () => openRequest(wk, { subject, asked: "erasure", channel: "desk", dueAt }))
  await as(desk, () => identifyRequest(wk, { request, how: "card", evidence: "x" }))
  return request
}
const decided = (request: string) => as(head, () => decideRequest(used.clinic.wk, { request, ...answer }))
const destroy = (request: string, over: Partial<DestroyOptions> = {}) =>
  connected(withLogin(database.adminUrl, used.clinic.logins.migrator), (client) =>
    destroyPerson({ client, policy: used.clinic.policy, tenant: used.clinic.branches[0].clinic, request, ...over }),
  )
/** As the owner in a context for the clinic, which no policy of a role narrows. */
const owner = (work: (q: Queryable) => Promise<unknown>) =>
  connected(withLogin(database.adminUrl, used.clinic.logins.migrator), (client) => {
    const { policy, branches } = used.clinic
    return backfill({ client, policy, reason: "test", tenants: [branches[0].clinic] }, async (q) => {
      await work(q)
      return { rowCount: 0 }
    })
  })
const removed = (subject: string) => (q: Queryable) => q.query("delete from patient where id = $1", [subject])
const put =
  (subject: string, number = 0) =>
  (q: Queryable) => {
    const { clinic, branch } = used.clinic.branches[number as 0]
    return q.query(
      "insert into patient (clinic_id, branch_id, id, full_name, born_on) values ($1, $2, $3, 'Successor', '1990-01-01')",
      [clinic, branch, subject],
    )
  }

it("whoever gets the key of a restricted person is shown, and not destroyed by the request of the other", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const request = await asked(subject)
  await decided(request)
  await owner(removed(subject))
  // Not by the application, which cannot know who that is.
  const again = "insert into patient (id, full_name) overriding system value values ($1, 'Again')"
  await expect(as(desk, () => used.clinic.wk.query(again, [subject]))).rejects.toThrow(/row-level security/)
  await owner(put(subject))
  expect(await seen(subject)).toBe(1)
  await expect(destroy(request)).rejects.toMatchObject({
    code: "WK560",
    message: expect.stringContaining("somebody else"),
  })
  expect(await seen(subject)).toBe(1)
})

it("a request is about nobody else with the same key, in this branch or in the next one", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const request = await asked(subject)
  await owner(removed(subject))
  await owner(put(subject, 1))
  const { clinic: tenant } = used.clinic.branches[0]
  const both = await used.clinic.issuer.issueSession({
    actor: "head",
    ttl: "PT1H",
    assignments: [
      {
        tenant,
        branches: used.clinic.branches.slice(0, 2).map(({ branch }) => branch),
        role: "head",
        purposes: ["care"],
      },
    ],
  })
  const decide = () => as(both, () => decideRequest(used.clinic.wk, { request, ...answer }))
  await expect(decide()).rejects.toMatchObject({ code: "WK560" })
  await owner(removed(subject))
  await owner(put(subject))
  await expect(decide()).rejects.toMatchObject({ code: "WK560" })
  expect(await seen(subject)).toBe(1)
})

it("who had the key before, of whom the ledger holds nothing, stays in the audit log when the next one is destroyed", async () => {
  const subject = await used.clinic.person("1985-03-01")
  await owner(removed(subject))
  const log = "select id from wardkeep_audit.event where subject = $1 order by id"
  const before = await used.clinic.admin(log, [subject])
  expect(before.length).toBeGreaterThan(1)
  await owner(put(subject))
  const request = await asked(subject)
  await decided(request)
  expect((await destroy(request)).log).toEqual({ outcome: "key-of-several", events: 0 })
  expect(await used.clinic.admin(log, [subject])).toEqual(expect.arrayContaining(before))
})

describe("between a destruction and its certificate", () => {
  const taken = { code: "WK503", message: expect.stringContaining("not certified yet") }
  /** Destroyed, and still in the log: nobody sealed. */
  const destroyed = async (subject: string): Promise<string> => {
    const request = await asked(subject)
    await decided(request)
    await expect(destroy(request, { sealWait: 0 })).rejects.toMatchObject({ code: "WK568" })
    return request
  }

  it("nobody gets the key, in this branch or in the next one", async () => {
    const subject = await used.clinic.person("1985-03-01")
    const other = await used.clinic.person("1985-03-01")
    await destroyed(subject)
    for (const number of [0, 1]) await expect(owner(put(subject, number))).rejects.toMatchObject(taken)
    const renumbered = (q: Queryable) => q.query("update patient set id = $2 where id = $1", [other, subject])
    await expect(owner(renumbered)).rejects.toMatchObject(taken)
    expect(await seen(other)).toBe(1)
  })

  it("who was on the way to the key in the next branch stays in the log", async () => {
    const subject = await used.clinic.person("1985-03-01")
    let request = ""
    await owner(async (q) => {
      await put(subject, 1)(q)
      request = await destroyed(subject)
    })
    const log = "select id from wardkeep_audit.event where subject = $1 order by id"
    const before = await used.clinic.admin(log, [subject])
    expect((await destroy(request)).log).toEqual({ outcome: "key-of-several", events: 0 })
    expect(await used.clinic.admin(log, [subject])).toEqual(expect.arrayContaining(before))
    expect((await destroy(request)).log).toEqual({ outcome: "key-of-several", events: 0 })
  })
})

it("a request waits for whoever gives the key to somebody else, and is not decided about that person", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const request = await asked(subject)
  let decision: Promise<unknown> = Promise.resolve()
  await owner(async (q) => {
    await removed(subject)(q)
    await put(subject)(q)
    decision = expect(decided(request)).rejects.toMatchObject({ code: "WK560" })
    const waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%decide_request%'"
    await expect.poll(async () => (await used.clinic.admin(waiting)).length, { timeout: 5000 }).toBe(1)
  })
  await decision
  expect(await seen(subject)).toBe(1)
})

it("what a role may ask about the restricted tells no key, and nothing of another clinic", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const [{ clinic: tenant, branch }, , elsewhere] = used.clinic.branches
  await as(desk, () => used.clinic.wk.query("insert into visit (patient_id, reason) values ($1, 'x')", [subject]))
  await decided(await asked(subject))
  const parents = async (place: { clinic: string; branch: string }) => {
    const grant = { role: "desk", tenant: place.clinic, branches: [place.branch], purposes: ["care"] }
    const [context] = await issueBySql(database.ownerUrl, used.clinic, [grant])
    if (context === undefined) throw new Error("no session was issued")
    return await used.clinic.asApp((client) =>
      inContext(client, context, async () => {
        const { rows } = await client.query<{ hash: Buffer }>(
          "select wardkeep_consent.restricted_parents('public.note') as hash",
        )
        return rows.map(({ hash }) => hash.length)
      }),
    )
  }
  expect(await parents({ clinic: tenant, branch })).toContain(32)
  expect(await parents(elsewhere)).toEqual([])
})

describe("the other ways to a person", () => {
  let wk: Wardkeep
  const only = { purposes: ["care"], confined: true, can: { patient: "read", visit: "read" } } as const

  beforeAll(async () => {
    const { logins, policy: before, issuer, asOwner } = used.clinic
    const document = consentingDocument(before.deployment)
    const handed = { read: true, create: true, download: true, share: true } as const
    const policy = definePolicy({
      ...document,
      roles: {
        ...document.roles,
        clerk: { purposes: ["care"], can: { patient: { read: ["clinic_id", "branch_id", "id"], create: true } } },
        desk: { ...document.roles.desk, can: { ...document.roles.desk.can, patient: handed, visit: "manage" } },
        emergency: only,
        consultant: only,
        support: {
          purposes: ["care"],
          mfa: "PT1H",
          can: {
            patient: { read: ["clinic_id", "branch_id", "id"] },
            visit: { read: ["clinic_id", "branch_id", "id", "patient_id"] },
          },
        },
      },
      breakGlass: {
        role: "emergency",
        from: ["desk"],
        longest: "PT1H",
        reasons: ["unconscious"],
        reviewedBy: ["head"],
      },
      crossings: {
        people: "patient",
        referral: { role: "consultant", from: ["desk"], to: ["desk"], longest: "P30D", bases: ["second_opinion"] },
        movedBy: ["head"],
      },
      support: { role: "support", allowedBy: ["head"], longest: "PT1H", breakGlass: ["system_down"] },
      lookups: { patient_by_name: { table: "patient", by: "full_name", returns: ["id"] } },
    })
    await connected(database.ownerUrl, (admin) => install({ admin, policy, extensions }))
    await asOwner(async (client) => {
      await client.query("alter table patient add telephone text, add unique (clinic_id, branch_id, telephone)")
      await apply({ client, policy, extensions })
    })
    wk = createWardkeep({ pool: { connectionString: database.appUrl(logins.app), max: 2 }, policy, issuer })
  })
  afterAll(() => wk.close())

  const named = async (name: string): Promise<string> => {
    const { rows } = await wk.run(desk, () =>
      wk.query<{ id: string }>("insert into patient (full_name, born_on) values ($1, '1985-03-01') returning id", [
        name,
      ]),
    )
    const id = String(rows[0]?.id)
    await wk.run(desk, () => wk.query("insert into visit (patient_id, reason) values ($1, 'x')", [id]))
    return id
  }
  const shown = async (session: Session, person: string): Promise<number> => {
    const both =
      "select (select count(*) from patient where id = $1) + (select count(*) from visit where patient_id = $1) as n"
    return Number((await wk.run(session, () => wk.query<{ n: string }>(both, [person]))).rows[0]?.n)
  }

  it("emergency, referral and support show nobody who is restricted, nor does a look-up, a download, a share or a move", async () => {
    const { issuer, session, branches, asApp } = used.clinic
    const [{ clinic: tenant, branch }, { branch: other }] = branches
    const [gone, there] = [await named("Gone Person"), await named("There Person")]
    const afar = await session("desk", "care", { branch: 1 })
    const emergency = async (by: Session, subject: string): Promise<Session> => {
      const id = await wk.run(by, () =>
        declareBreakGlass(wk, { branch, subject, reason: "unconscious", explanation: "fell", minutes: 10 }),
      )
      return await issuer.openBreakGlass({ id, session: by })
    }
    const refer = (subject: string) =>
      wk.run(desk, () =>
        referPatient(wk, {
          subject,
          from: branch,
          to: other,
          records: ["public.patient", "public.visit"],
          until: new Date(Date.now() + 3_600_000),
          basis: "second_opinion",
        }),
      )
    const referred = async (subject: string) => issuer.openReferral({ id: await refer(subject), session: afar })
    const allowed = await wk.run(head, () =>
      allowSupport(wk, { actor: "vendor", branch, reason: "ticket", minutes: 30 }),
    )
    const support = await issuer.openSupport({ id: allowed, actor: "vendor", mfaAt: new Date() })
    const open = async (subject: string) => [await emergency(afar, subject), await referred(subject), support]
    const [before, control] = [await open(gone), await open(there)]
    for (const each of before) expect(await shown(each, gone)).toBe(2)
    await decided(await asked(gone))
    // What was open before shows nothing on its next statement, and neither does what is opened now.
    for (const each of before) expect(await shown(each, gone)).toBe(0)
    for (const each of control) expect(await shown(each, there)).toBe(2)
    const again = await issuer.issueSession({
      actor: "night",
      ttl: "PT1H",
      assignments: [{ tenant, branches: [other], role: "desk", purposes: ["care"] }],
    })
    expect(await shown(await emergency(again, gone), gone)).toBe(0)
    await expect(refer(gone)).rejects.toMatchObject({ code: "WK230", message: "there is no such person in the branch" })
    const lookup = (name: string) =>
      asApp(
        async (client) => (await client.query("select * from wardkeep_lookup.patient_by_name($1)", [name])).rowCount,
      )
    expect([await lookup("Gone Person"), await lookup("There Person")]).toEqual([0, 1])
    const handOut = (person: string, verb: string, over = {}) =>
      wk.run(desk, () =>
        wk.query("select wardkeep_audit.begin_handling($1)", [
          JSON.stringify({ verb, relation: "public.patient", records: [person], ...over }),
        ]),
      )
    const link = { recipient: "x", id: "00000000-0000-4000-8000-000000000001", digest: "0".repeat(64) }
    const until = new Date(Date.now() + 3_600_000).toISOString()
    for (const [verb, over] of [
      ["download", {}],
      ["download", { seconds: 30 }],
      ["share", { ...link, until }],
    ] as const) {
      await expect(handOut(gone, verb, over), verb).rejects.toMatchObject({ code: "WK431" })
      await handOut(there, verb, over)
    }
    const boss = await issuer.issueSession({
      actor: "boss",
      ttl: "PT1H",
      assignments: [{ tenant, branches: [branch, other], role: "head", purposes: ["care"] }],
    })
    const move = (subject: string) =>
      wk.run(boss, () => movePatient(wk, { subject, from: branch, to: other, reason: "moved house" }))
    await expect(move(gone)).rejects.toMatchObject({ code: "WK231", message: "there is no such person in the branch" })
    await move(there)
  })

  it("who has the key in a branch that somebody left is destroyed alone, and leaves nothing to the next one", async () => {
    const { issuer, session, branches, admin } = used.clinic
    const [{ clinic: tenant, branch: here }, { branch: there }] = branches
    const boss = await issuer.issueSession({
      actor: "boss",
      ttl: "PT1H",
      assignments: [{ tenant, branches: [here, there], role: "head", purposes: ["care"] }],
    })
    const move = (subject: string, from: string, to: string) =>
      wk.run(boss, () => movePatient(wk, { subject, from, to, reason: "moved house" }))
    const staff = [
      [desk, head],
      [await session("desk", "care", { branch: 1 }), await session("head", "care", { branch: 1 })],
    ] as const
    const speaks = (number: 0 | 1, subject: string) =>
      wk.run(staff[number][0], () =>
        represent(wk, { subject, as: "guardian", who: "sister", how: "court", evidence: "order" }),
      )
    const told = async (number: 0 | 1, subject: string) =>
      (await wk.run(staff[number][0], () => history(wk, subject))).map(({ kind }) => kind)
    const erased = async (number: 0 | 1, subject: string) => {
      const dueAt = new Date(Date.now() + 86_400_000)
      const [by, decides] = staff[number]
      const request = await wk.run(by, () => openRequest(wk, { subject, asked: "erasure", channel: "desk", dueAt }))
      await wk.run(by, () => identifyRequest(wk, { request, how: "card", evidence: "x" }))
      await wk.run(decides, () => decideRequest(wk, { request, ...answer }))
      return await destroy(request)
    }
    const subject = await named("Restless Person")
    // Under another spelling the records of the move, and what was opened for the person, would be of nobody.
    for (const other of [`0${subject}`, ` ${subject}`, `+${subject}`])
      await expect(move(other, here, there)).rejects.toMatchObject({ code: "WK231" })
    await speaks(0, subject)
    await move(subject, here, there)
    await owner(put(subject))
    await speaks(0, subject)
    expect((await erased(0, subject)).log.outcome).toBe("key-of-several")
    const kept = ["represented", "moved_away", "moved_here"]
    expect(await told(1, subject)).toEqual(kept)
    // The next one with this key is told nothing of either, and its records are not taken for those of one person.
    await owner(put(subject))
    expect(await told(0, subject)).toEqual([])
    expect((await erased(0, subject)).log.outcome).toBe("key-of-several")
    expect(await told(1, subject)).toEqual(kept)
    // Back again: what was carried to the branch in between is still this person's.
    const back = await wk.run(staff[1][0], () =>
      openRequest(wk, { subject, asked: "access", channel: "desk", dueAt: new Date(Date.now() + 86_400_000) }),
    )
    await move(subject, there, here)
    await owner(put(subject, 1))
    await speaks(1, subject)
    await erased(1, subject)
    expect(await told(0, subject)).toEqual([...kept, "moved_away", "moved_here"])
    const asks = "select id from wardkeep_consent.rights_event where subject = $1"
    expect(await admin(asks, [subject])).toEqual([{ id: back }])
    await erased(0, subject)
    for (const table of ["event", "standing", "rights_event", "carried"])
      expect(await admin(`select from wardkeep_consent.${table} where subject = $1`, [subject]), table).toEqual([])
  })

  it("a unique key answers no guess of who may not read its column: what is not read is not written", async () => {
    const clerk = await used.clinic.session("clerk", "care")
    const add = "insert into patient (full_name, born_on, telephone) values ('x', '1985-03-01', $1)"
    await wk.run(desk, () => wk.query(add, ["555 17"]))
    const guess = (telephone: string) => wk.run(clerk, () => wk.query(add, [telephone]))
    const known = "select from patient where telephone is not null"
    expect((await wk.run(desk, () => wk.query(known))).rowCount).toBe(1)
    await expect(wk.run(clerk, () => wk.query(known))).rejects.toMatchObject({ code: "WK117" })
    // Taken and free are refused alike, before the key is asked.
    for (const telephone of ["555 17", "555 18"])
      await expect(guess(telephone)).rejects.toMatchObject({ code: "0A000" })
  })

  it("a download for a purpose that waits is of those who said yes, whoever may download", async () => {
    const outreach = await used.clinic.session("desk", "outreach")
    const person = await named("Silent Person")
    const begin = (session: Session) =>
      wk.run(session, () =>
        wk.query("select wardkeep_audit.begin_handling($1)", [
          JSON.stringify({ verb: "download", relation: "public.patient", records: [person] }),
        ]),
      )
    await begin(desk)
    await expect(begin(outreach)).rejects.toMatchObject({ code: "WK431" })
  })
})
