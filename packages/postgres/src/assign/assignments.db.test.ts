import { createHmac, randomUUID } from "node:crypto"
import { afterEach, describe, expect, it, vi } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { grantAssignment, listAssignments, revokeAssignments } from "./assignments.js"

const database = useDatabase()
const clinic = useAssigned(database)
const code = (wanted: string, text?: RegExp) => ({
  code: wanted,
  ...(text && { message: expect.stringMatching(text) }),
})
const hours = (n: number): Date => new Date(Date.now() + n * 3_600_000)
let counter = 0
const name = (): string => `person-${counter++}`
const forPatient = () => clinic.grant(name(), "portal", 0, { subject: clinic.places[0].patients[0] })
const patients = (): Promise<number | null> =>
  clinic.wk.query("select id from patient").then((result) => result.rows.length)

describe("a session", () => {
  it("holds what is assigned now, one grant per tenant, role and purpose, branches of several assignments together", async () => {
    const asha = name()
    await clinic.grant(asha, "doctor", 0)
    await clinic.grant(asha, "doctor", 1, { validUntil: hours(0.5) })
    await clinic.grant(asha, "reception", 2, { scope: "all" })
    await clinic.grant(asha, "auditor", 0, { validFrom: hours(1) })
    const { grants } = await clinic.session(asha)
    expect(grants.map(({ tenant, role }) => [tenant, role]).sort()).toEqual(
      [
        [clinic.places[0].clinic, "doctor"],
        [clinic.places[2].clinic, "reception"],
      ].sort(),
    )
    const doctor = grants.find(({ role }) => role === "doctor")
    expect(doctor?.branches).toEqual([clinic.places[0].branch, clinic.places[1].branch].sort())
    expect(Date.parse(doctor?.validUntil ?? "")).toBeLessThan(hours(0.51).getTime())
    const recorded =
      "select detail -> 'roles' as roles from wardkeep.activity where kind = 'session_issued' and actor = $1"
    const [line] = await clinic.admin<{ roles: unknown[] }>(recorded, [asha])
    expect(line?.roles).toHaveLength(2)
    expect(line?.roles).toEqual(
      expect.arrayContaining([
        { tenant: clinic.places[0].clinic, role: "doctor" },
        { tenant: clinic.places[2].clinic, role: "reception" },
      ]),
    )
  })

  it("is refused for whoever is assigned nothing, nothing yet, nothing any more, or less than was asked for", async () => {
    const ravi = name()
    await expect(clinic.session(ravi)).rejects.toMatchObject(code("WK202"))
    await clinic.grant(ravi, "doctor", 0, { validFrom: hours(1) })
    await expect(clinic.session(ravi)).rejects.toMatchObject(code("WK202"))
    const id = await clinic.grant(ravi, "reception", 0)
    const ask = (place: 0 | 1 | 2, role = "reception") => ({
      assignments: [{ tenant: clinic.places[place].clinic, branches: [clinic.places[place].branch], role }],
    })
    expect((await clinic.session(ravi, ask(0))).grants).toHaveLength(1)
    for (const more of [ask(1), ask(2), ask(0, "doctor"), ask(0, "chief")])
      await expect(clinic.session(ravi, more)).rejects.toMatchObject(code("WK202"))
    await clinic.admin(
      "update wardkeep.assignment set revoked_at = now(), revoked_by = 'x', revoke_reason = 'x' where id = $1",
      [id],
    )
    await expect(clinic.session(ravi)).rejects.toMatchObject(code("WK202"))
  })

  it("of one person in two tenants never reads both in one statement", async () => {
    const meena = name()
    await clinic.grant(meena, "doctor", 0)
    await clinic.grant(meena, "doctor", 2)
    const session = await clinic.session(meena)
    for (const place of [clinic.places[0], clinic.places[2]]) {
      const ids = await clinic.wk.run(session, { tenant: place.clinic }, async () =>
        (await clinic.wk.query<{ id: string }>("select id from patient")).rows.map(({ id }) => id),
      )
      expect(ids.sort()).toEqual([...place.patients].sort())
    }
    await expect(clinic.wk.run(session, () => patients())).rejects.toMatchObject(code("WK110"))
  })
})

describe("the clock that counts is the server's", () => {
  const day = 86_400_000
  afterEach(() => {
    vi.useRealTimers()
  })
  const clientIs = (off: number): void => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + off })
  }
  const inSeconds = async (seconds: number): Promise<Date> => {
    const [row] = await clinic.admin<{ at: Date }>("select clock_timestamp() + make_interval(secs => $1) as at", [
      seconds,
    ])
    return row?.at ?? new Date(0)
  }

  it.each([-day, day])(
    "an assignment ends on a statement of an open transaction, the client's clock off by %d ms",
    async (off) => {
      const [locum, ends] = [name(), await inSeconds(1.2)]
      await clinic.grant(locum, "locum", 0, { validUntil: ends })
      const session = await clinic.session(locum)
      expect(session.grants.map(({ validUntil }) => Date.parse(validUntil))).toEqual([ends.getTime()])
      const served: Date[] = []
      clientIs(off)
      const unit = clinic.wk.run(session, () =>
        clinic.wk.tx(async (q) => {
          for (;;) {
            const { rows } = await q.query<{ at: Date }>("select statement_timestamp() as at from patient")
            expect(rows).toHaveLength(2)
            served.push(rows[0]?.at ?? new Date(Number.NaN))
          }
        }),
      )
      await expect(unit).rejects.toMatchObject(code("WK102"))
      await expect(clinic.wk.run(session, () => patients())).rejects.toMatchObject(code("WK102"))
      expect(served.length).toBeGreaterThan(0)
      for (const at of served) expect(at.getTime()).toBeLessThanOrEqual(ends.getTime())
      expect((await inSeconds(0)).getTime()).toBeGreaterThanOrEqual(ends.getTime())
    },
  )

  it("an assignment that begins later is in no session before, whatever the client's clock says, nor in one that is open", async () => {
    const [nurse, from] = [name(), await inSeconds(1.4)]
    await clinic.grant(nurse, "reception", 0)
    await clinic.grant(nurse, "reception", 1, { validFrom: from })
    const before = await clinic.session(nurse)
    expect(await clinic.wk.run(before, () => patients())).toBe(2)
    // The clock jumps while a statement is under way, which therefore did not take a day, and is not ended as one that hangs.
    const waits = clinic.wk.run(before, () =>
      clinic.wk.query("select pg_sleep(extract(epoch from $1 - clock_timestamp()))", [from]),
    )
    await expect
      .poll(() =>
        clinic.admin("select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"),
      )
      .toHaveLength(1)
    clientIs(day)
    expect(await clinic.wk.run(before, () => patients())).toBe(2)
    await waits
    vi.useRealTimers()
    expect(await clinic.wk.run(before, () => patients())).toBe(2)
    expect(await clinic.wk.run(await clinic.session(nurse), () => patients())).toBe(4)
  })

  it.each([-day, day])(
    "an issuer whose clock is off by %d ms signs nobody in, and ends nobody's rights",
    async (off) => {
      const doctor = name()
      await clinic.grant(doctor, "doctor", 0)
      const session = await clinic.session(doctor)
      clientIs(off)
      await expect(clinic.session(doctor)).rejects.toMatchObject(code("WK202", /two minutes|clock|age|old/))
      await expect(clinic.issuer.offboard({ actor: doctor, by: "hr-1", reason: "left" })).rejects.toMatchObject(
        code("WK202"),
      )
      expect(await clinic.wk.run(session, () => patients())).toBe(2)
    },
  )
})

describe("granting", () => {
  const admin = async () => {
    const actor = name()
    await clinic.grant(actor, "admin", 0, { validUntil: hours(100) })
    return { actor, session: await clinic.session(actor) }
  }
  const here = () => ({ branch: clinic.places[0].branch })

  it("gives another person a role from their next session on, and says by whom and why", async () => {
    const { actor, session } = await admin()
    const nurse = name()
    const id = await clinic.wk.run(session, () =>
      grantAssignment(clinic.wk, {
        actor: nurse,
        role: "reception",
        scope: here(),
        validUntil: hours(10),
        reason: "new",
      }),
    )
    expect((await clinic.session(nurse)).grants).toHaveLength(1)
    const listed = await clinic.wk.run(session, () => listAssignments(clinic.wk))
    expect(listed.find((a) => a.id === id)).toMatchObject({
      actor: nurse,
      granted_by: actor,
      granted_as: "admin",
      reason: "new",
    })
    expect(
      await clinic.admin("select actor, tenant from wardkeep.activity where detail ->> 'assignment' = $1", [id]),
    ).toEqual([{ actor, tenant: clinic.places[0].clinic }])
  })

  it.each([
    ["to oneself", (me: string) => ({ actor: me, role: "reception", scope: here(), validUntil: hours(1) })],
    ["of a role that is not one's to grant", () => ({ role: "chief", scope: here(), validUntil: hours(1) })],
    ["of the emergency role", () => ({ role: "emergency", subject: "x", scope: here(), validUntil: hours(1) })],
    [
      "in a sibling branch",
      () => ({ role: "reception", scope: { branch: clinic.places[1].branch }, validUntil: hours(1) }),
    ],
    [
      "in another clinic's branch",
      () => ({ role: "reception", scope: { branch: clinic.places[2].branch }, validUntil: hours(1) }),
    ],
    ["in the whole tenant from one branch", () => ({ role: "reception", scope: "all" as const, validUntil: hours(1) })],
    ["in a group that does not exist", () => ({ role: "reception", scope: { group: "south" }, validUntil: hours(1) })],
    ["that outlives one's own", () => ({ role: "reception", scope: here(), validUntil: hours(101) })],
    ["without an end where one's own has one", () => ({ role: "reception", scope: here() })],
    ["of a locum without an end", () => ({ role: "locum", scope: here() })],
    [
      "that ended in the past",
      () => ({ role: "reception", scope: here(), validFrom: hours(-2), validUntil: hours(-1) }),
    ],
    ["without a reason", () => ({ role: "reception", scope: here(), validUntil: hours(1), reason: " " })],
    ["of a confined role without a subject", () => ({ role: "portal", scope: here(), validUntil: hours(1) })],
    [
      "of another role with a subject",
      () => ({ role: "reception", subject: "x", scope: here(), validUntil: hours(1) }),
    ],
  ])("is refused %s, and nothing is kept", async (_what, ask) => {
    const { actor, session } = await admin()
    const before = await clinic.admin("select count(*) from wardkeep.assignment")
    const grant = { actor: name(), reason: "test", ...ask(actor) }
    await expect(clinic.wk.run(session, () => grantAssignment(clinic.wk, grant))).rejects.toMatchObject({
      code: expect.stringMatching(/^WK20[26]$/),
    })
    expect(await clinic.admin("select count(*) from wardkeep.assignment")).toEqual(before)
  })

  it("is refused to roles that grant nothing, whatever they call", async () => {
    const doctor = name()
    await clinic.grant(doctor, "doctor", 0)
    const session = await clinic.session(doctor)
    for (const call of [
      `wardkeep.grant_assignment('x', 'reception', '"all"', null, null, null, 'r')`,
      `wardkeep.write_assignment('x', '${clinic.places[0].clinic}', 'chief', '"all"', null, null, null, 'r', 'x', 'x')`,
      `wardkeep.assign_as_owner('x', '${clinic.places[0].clinic}', 'chief', '"all"', null, null, null, 'r')`,
      `wardkeep.narrow_role('reception', 'role', 'r')`,
      `wardkeep.refold('x', 'x', 'x')`,
      `wardkeep.revoke_one(gen_random_uuid(), 'x', 'x')`,
      `wardkeep.open_reviews()`,
    ])
      await expect(clinic.wk.run(session, () => clinic.wk.query(`select ${call}`))).rejects.toMatchObject({
        code: expect.stringMatching(/^(WK20[67]|42501|WK201)$/),
      })
    for (const table of ["assignment", "narrowing", "break_glass", "policy_rule"])
      await expect(clinic.wk.run(session, () => clinic.wk.query(`select from wardkeep.${table}`))).rejects.toThrow(
        /permission denied/,
      )
  })

  it.each([
    ["the same branch", { scope: () => ({ branch: clinic.places[0].branch }) }],
    ["the whole tenant over a branch", { scope: () => "all" }],
  ])("overlapping assignments are refused: %s", async (_what, { scope }) => {
    const leela = name()
    await clinic.grant(leela, "doctor", 0, { validFrom: hours(-1), validUntil: hours(10) })
    const overlap = { scope: scope(), validFrom: hours(9), validUntil: hours(20) }
    await expect(clinic.grant(leela, "doctor", 0, overlap)).rejects.toMatchObject(code("WK206", /already/))
    await clinic.grant(leela, "doctor", 0, { ...overlap, validFrom: hours(10) })
  })

  it("of roles that exclude each other is refused, also inside a combination and when granted at the same moment", async () => {
    const [one, two, three] = [name(), name(), name()]
    await clinic.grant(one, "auditor", 0)
    for (const role of ["cashier", "principal"])
      await expect(clinic.grant(one, role, 1)).rejects.toMatchObject(code("WK206", /excludes/))
    await clinic.grant(one, "cashier", 2)
    await clinic.grant(two, "auditor", 0, { validUntil: hours(1) })
    await clinic.grant(two, "cashier", 0, { validFrom: hours(1) })
    const both = await Promise.allSettled([clinic.grant(three, "auditor", 0), clinic.grant(three, "cashier", 0)])
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
  })

  it("leaves a history that its owner cannot rewrite", async () => {
    const id = await clinic.grant(name(), "doctor", 0)
    const [theirs, gone] = [await forPatient(), await forPatient()]
    const revoke = "revoked_at = now(), revoked_by = 'x', revoke_reason = 'x'"
    const change = (one: string, what: string) => `update wardkeep.assignment set ${what} where id = '${one}'`
    await clinic.admin(change(gone, revoke))
    for (const sql of [
      // Not before it is revoked; then only what a destruction leaves, and nothing else with it.
      change(theirs, "subject = 'destroyed 17'"),
      change(gone, "subject = 'somebody else'"),
      change(gone, "subject = null"),
      change(gone, "subject = 'destroyed 17', actor = 'x'"),
      change(id, `${revoke}, subject = 'destroyed 17'`),
      "delete from wardkeep.assignment",
      "update wardkeep.assignment set role = 'chief'",
      "update wardkeep.assignment set valid_until = now() + interval '1 year', revoked_at = now(), revoked_by = 'x', revoke_reason = 'x'",
      "truncate wardkeep.assignment",
      "update wardkeep.activity set actor = 'x'",
      "delete from wardkeep.activity",
      "truncate wardkeep.activity",
    ])
      await expect(clinic.host.asOwner((client) => client.query(sql))).rejects.toMatchObject(code("42501"))
    expect(await clinic.admin("select role from wardkeep.assignment where id = $1", [id])).toEqual([{ role: "doctor" }])
    // The control: this much a destruction may.
    const { rowCount } = await clinic.host.asOwner((client) => client.query(change(gone, "subject = 'destroyed 17'")))
    expect(rowCount).toBe(1)
  })
})

describe("taking away", () => {
  it("holds on the next statement of an open transaction and on each of eight pooled connections", async () => {
    const [chief, leaver] = [name(), name()]
    await clinic.grant(chief, "chief", 0, { scope: "all" })
    await clinic.grant(leaver, "doctor", 0)
    await clinic.grant(leaver, "reception", 1)
    const boss = await clinic.session(chief)
    const session = await clinic.session(leaver)
    const pool = clinic.make(8)
    let ready = 0
    let revoked: () => void = () => undefined
    const gone = new Promise<void>((resolve) => {
      revoked = resolve
    })
    const units = Array.from({ length: 8 }, () =>
      pool.run(session, { role: "doctor" }, () =>
        pool.tx(async (q) => {
          expect((await q.query("select id from patient")).rows).toHaveLength(2)
          ready++
          await gone
          return await q.query("select id from patient")
        }),
      ),
    )
    while (ready < 8) await new Promise((resolve) => setTimeout(resolve, 5))
    const count = await clinic.wk.run(boss, () => revokeAssignments(clinic.wk, { actor: leaver, reason: "left" }))
    expect(count).toBe(2)
    revoked()
    for (const unit of await Promise.allSettled(units))
      expect(unit).toMatchObject({ status: "rejected", reason: { code: "WK102" } })
    for (const role of ["doctor", "reception"])
      await expect(pool.run(session, { role }, () => pool.query("select id from patient"))).rejects.toMatchObject(
        code("WK102"),
      )
    await expect(clinic.session(leaver)).rejects.toMatchObject(code("WK202"))
  })

  it("of one assignment leaves the others of an open session, and nothing ever comes back to it", async () => {
    const divya = name()
    const chief = name()
    await clinic.grant(chief, "chief", 0, { scope: "all" })
    const id = await clinic.grant(divya, "doctor", 0)
    await clinic.grant(divya, "doctor", 1)
    const session = await clinic.session(divya)
    expect(await clinic.wk.run(session, () => patients())).toBe(4)
    await clinic.wk.run(await clinic.session(chief), () =>
      revokeAssignments(clinic.wk, { actor: divya, id, reason: "moved" }),
    )
    expect(await clinic.wk.run(session, () => patients())).toBe(2)
    await clinic.grant(divya, "doctor", 0)
    expect(await clinic.wk.run(session, () => patients())).toBe(2)
    expect(await clinic.wk.run(await clinic.session(divya), () => patients())).toBe(4)
  })

  it("of everything is refused whole where one part is not one's own to take", async () => {
    const [admin, other] = [name(), name()]
    await clinic.grant(admin, "admin", 0)
    await clinic.grant(other, "reception", 0)
    await clinic.grant(other, "cashier", 0)
    const session = await clinic.session(admin)
    const open = await clinic.session(other)
    const revoke = clinic.wk.run(session, () => revokeAssignments(clinic.wk, { actor: other, reason: "x" }))
    await expect(revoke).rejects.toMatchObject(code("WK206"))
    expect(await clinic.wk.run(open, { role: "reception" }, () => patients())).toBe(2)
  })

  it("of a branch from the group that a session asked for follows, and gives nothing beyond what is assigned", async () => {
    const asha = name()
    const [{ clinic: tenant, branch: first }, { branch: second }] = clinic.places
    const group = (branches: string[]) =>
      clinic.host.asOwner((client) =>
        client.query("select wardkeep.set_branch_group($1, 'asked', $2)", [tenant, branches]),
      )
    await clinic.grant(asha, "doctor", 0, { scope: "all" })
    await group([first, second])
    const session = await clinic.session(asha, {
      assignments: [{ tenant, role: "doctor", branches: { group: "asked" } }],
    })
    expect(await clinic.wk.run(session, () => patients())).toBe(4)
    await group([first])
    expect(await clinic.wk.run(session, () => patients())).toBe(2)
    await group([first, second])
    expect(await clinic.wk.run(session, () => patients())).toBe(2)
    await group([second])
    await expect(clinic.wk.run(session, () => patients())).rejects.toMatchObject(code("WK102"))
  })

  it("by the issuer is one signed request for every tenant, and cannot be sent again", async () => {
    const leaver = name()
    await clinic.grant(leaver, "doctor", 0)
    await clinic.grant(leaver, "doctor", 2)
    const session = await clinic.session(leaver)
    expect(await clinic.issuer.offboard({ actor: leaver, by: "hr-1", reason: "left" })).toBe(2)
    for (const tenant of [clinic.places[0].clinic, clinic.places[2].clinic])
      await expect(clinic.wk.run(session, { tenant }, () => patients())).rejects.toMatchObject(code("WK102"))
    await expect(clinic.session(leaver)).rejects.toMatchObject(code("WK202"))
    await expect(clinic.issuer.offboard({ actor: leaver, by: "", reason: "left" })).rejects.toMatchObject(code("WK206"))
  })

  it("holds over a session that is being issued meanwhile, whichever comes first", async () => {
    for (let round = 0; round < 12; round++) {
      const actor = name()
      await clinic.grant(actor, "doctor", 0)
      const issuing = clinic.session(actor).catch(() => undefined)
      if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, round))
      await clinic.issuer.offboard({ actor, by: "hr-1", reason: "left" })
      const session = await issuing
      if (session === undefined) continue
      await expect(clinic.wk.run(session, () => patients())).rejects.toMatchObject(code("WK102"))
    }
  })

  it("holds over a session that was issued in a transaction that is still open", async () => {
    const actor = name()
    await clinic.grant(actor, "doctor", 0)
    const sign = (kind: string, body: object): unknown[] => {
      const text = JSON.stringify({ ...body, nonce: randomUUID(), issued_at: new Date().toISOString() })
      return [text, clinic.key.id, createHmac("sha256", clinic.key.secret).update(`${kind}:${text}`).digest()]
    }
    const url = issuerUrl()
    const { token, db_role } = await connected(url, async (issuer) => {
      await issuer.query("begin")
      const { rows } = await issuer.query(
        "select * from wardkeep.issue_session($1, $2, $3)",
        sign("session", { actor, ttl_seconds: 600 }),
      )
      const ending = clinic.issuer.offboard({ actor, by: "hr-1", reason: "left" })
      expect(await waitsFor(database.adminUrl, issuer, ending)).toBe("waits")
      await issuer.query("commit")
      expect(await ending).toBe(1)
      return rows[0]
    })
    const spend = connected(appUrl(), async (app) => {
      await app.query("begin")
      await app.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [db_role, token])
      return await app.query("select * from patient")
    })
    await expect(spend).rejects.toMatchObject(code("WK102"))
  })
})

const issuerUrl = (): string => database.url(clinic.host.logins.issuer)
const appUrl = (): string => database.appUrl(clinic.host.logins.app)
