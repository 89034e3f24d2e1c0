import { createHmac, randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { revokeAssignments } from "@wardkeep/postgres"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser, codeOf } from "./world.ts"

const database = useDatabase()
const clinic = useAssigned(database)
const [own, , foreign] = clinic.places
let counter = 0
const name = (): string => `person-${counter++}`

/** What has not happened by then hangs: nothing here takes longer than a few milliseconds. */
const soon = async <T>(work: Promise<T>): Promise<T | "hangs"> =>
  await Promise.race([work, new Promise<"hangs">((resolve) => setTimeout(resolve, 2_000, "hangs"))])

const sign = (kind: string, body: object): unknown[] => {
  const text = JSON.stringify({ nonce: randomUUID(), issued_at: new Date().toISOString(), ...body })
  return [text, clinic.key.id, createHmac("sha256", clinic.key.secret).update(`${kind}:${text}`).digest()]
}
const offboard = (actor: string): Promise<number> => clinic.issuer.offboard({ actor, by: "hr-1", reason: "left" })

/** The application's login holds what it can, in a transaction of its own, while `meanwhile` runs. */
const held = <T>(hold: (app: pg.Client) => Promise<unknown>, meanwhile: () => Promise<T>): Promise<T> =>
  asSuperuser(database.appUrl(clinic.host.logins.app), async (app) => {
    await app.query("begin")
    await hold(app)
    const result = await meanwhile()
    await app.query("rollback")
    return result
  })

const enter = async (app: pg.Client, session: Session): Promise<void> => {
  const [grant] = session.grants
  await app.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [
    grant?.dbRole,
    grant?.token,
  ])
}

/** The keys that an attacker could guess before: of the actor, of the tenants. */
const guess = async (app: pg.Client, actor: string): Promise<void> => {
  for (const text of [`wardkeep actor ${actor}`, ...clinic.places.map(({ clinic: id }) => `wardkeep tenant ${id}`)])
    await app.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [text])
}

describe("the application's login cannot hold up", () => {
  it("an offboarding or a login in another tenant by advisory locks, whatever their number", async () => {
    const [leaver, other] = [name(), name()]
    await clinic.grant(leaver, "doctor", 0)
    await clinic.grant(other, "doctor", 2)
    await clinic.session(leaver)
    const answers = await held(
      (app) => guess(app, leaver),
      async () => [await soon(offboard(leaver)), await soon(clinic.session(other))],
    )
    expect(answers).toEqual([1, expect.objectContaining({ actor: other })])
    const advisory = await clinic.admin(
      "select proname from pg_proc where pronamespace = 'wardkeep'::regnamespace and pg_get_functiondef(oid) ~ 'pg_[a-z_]*advisory'",
    )
    expect(advisory).toEqual([])
  })

  it("anything by locking the rows themselves", async () => {
    const session = await (async () => {
      const actor = name()
      await clinic.grant(actor, "chief", 0, { scope: "all" })
      return await clinic.session(actor)
    })()
    for (const sql of [
      "select from wardkeep.turn for update",
      "select from wardkeep.known_tenant for share",
      "lock table wardkeep.turn in access share mode",
      "lock table wardkeep.known_tenant in access share mode",
      "select wardkeep.alone('x', '')",
      "select wardkeep.beside('x')",
      "select wardkeep.tenant_alone('x')",
      "select wardkeep.tenant_beside('x')",
      "select wardkeep.forget_sessions(now(), 'x')",
    ]) {
      const attempt = held(
        async (app) => {
          await enter(app, session)
          await app.query(sql)
        },
        async () => undefined,
      )
      expect(await attempt.then(() => "none", codeOf), sql).toBe("42501")
    }
  })

  it("an offboarding by revoking what it may not revoke", async () => {
    const [leaver, other] = [name(), name()]
    await clinic.grant(leaver, "doctor", 0)
    await clinic.grant(other, "doctor", 2)
    const session = await clinic.session(other)
    const answer = await held(
      async (app) => {
        await enter(app, session)
        const sql = "select wardkeep.revoke_assignments($1, null, 'x') as n"
        expect((await app.query(sql, [leaver])).rows).toEqual([{ n: 0 }])
      },
      () => soon(offboard(leaver)),
    )
    expect(answer).toBe(1)
  })

  it("one's own offboarding by declaring an emergency and leaving it open", async () => {
    const leaver = name()
    await clinic.grant(leaver, "doctor", 0)
    const session = await clinic.session(leaver)
    const answer = await held(
      async (app) => {
        await enter(app, session)
        const sql = "select wardkeep.declare_break_glass($1, $2, 'unconscious', 'fell', 5)"
        await app.query(sql, [own.branch, own.patients[0]])
      },
      () => soon(offboard(leaver)),
    )
    expect(answer).toBe(1)
  })

  it("from another tenant the login or the offboarding of somebody who holds nothing there", async () => {
    const [chief, leaver] = [name(), name()]
    await clinic.grant(chief, "chief", 2, { scope: "all" })
    await clinic.grant(leaver, "doctor", 0)
    const session = await clinic.session(chief)
    const answers = await held(
      async (app) => {
        await enter(app, session)
        await app.query("select wardkeep.grant_assignment($1, 'doctor', $2, null, null, null, 'x')", [
          leaver,
          JSON.stringify({ branch: foreign.branch }),
        ])
      },
      async () => [await soon(clinic.session(leaver)), await soon(offboard(leaver))],
    )
    expect(answers).toEqual([expect.objectContaining({ actor: leaver }), 1])
  })
})

describe("what waits for what", () => {
  let people: string[]
  beforeAll(async () => {
    people = [name(), name(), name()]
    for (const person of people) await clinic.grant(person, "doctor", 0)
  })
  const issuing = async <T>(sql: string, values: unknown[], meanwhile: (issuer: pg.Client) => Promise<T>): Promise<T> =>
    await asSuperuser(database.url(clinic.host.logins.issuer), async (issuer) => {
      await issuer.query("begin")
      await issuer.query(sql, values)
      const result = await meanwhile(issuer)
      await issuer.query("rollback")
      return result
    })

  it("sessions of several people, services and jobs in one tenant do not wait for each other", async () => {
    const [first = "", second = "", third = ""] = people
    const queued = await clinic.session(third)
    const grant = queued.grants[0]!
    const { tenant } = grant
    const service = { service: "reminders", tenant }
    await clinic.issuer.issueService(service)
    const answers = await issuing(
      "select from wardkeep.issue_session($1, $2, $3)",
      sign("session", { actor: first, ttl_seconds: 600 }),
      () =>
        issuing(
          "select from wardkeep.issue_service($1, $2, $3)",
          sign("service", { ...service, ttl_seconds: 600 }),
          async () => [
            await soon(clinic.session(second)),
            await soon(clinic.issuer.issueService(service)),
            await soon(
              clinic.issuer.reopenSession({
                sessionId: queued.id,
                tenant,
                role: grant.role,
                purpose: grant.purpose,
                actor: third,
              }),
            ),
          ],
        ),
    )
    expect(answers.map((answer) => (answer === "hangs" ? answer : answer.actor))).toEqual([
      second,
      "service:reminders",
      third,
    ])
  })

  it("a long backfill keeps nobody from being offboarded, and nobody from signing in behind that", async () => {
    const [first = "", second = ""] = people
    await clinic.host.asOwner(async (owner) => {
      await owner.query("begin")
      await owner.query("select wardkeep.open_backfill($1, 'long')", [own.clinic])
      expect(await soon(offboard(first))).toBe(1)
      expect(await soon(clinic.session(second))).toMatchObject({ actor: second })
      await owner.query("rollback")
    })
  })

  it("requests do not wait for each other to remove old nonces, and read few of them", async () => {
    await clinic.admin(`insert into wardkeep.used_nonce (nonce, used_at)
      select gen_random_uuid(), clock_timestamp() - case when n <= 500 then interval '1 hour' else '0' end from generate_series(1, 30000) n`)
    await clinic.admin("analyze wardkeep.used_nonce")
    const [, second = "", third = ""] = people
    const read = await issuing(
      "select from wardkeep.issue_session($1, $2, $3)",
      sign("session", { actor: second, ttl_seconds: 600 }),
      async (issuer) => {
        expect(await soon(clinic.session(third))).toMatchObject({ actor: third })
        const { rows } = await issuer.query<{ n: number }>(
          "select seq_tup_read::int as n from pg_stat_xact_all_tables where relid = 'wardkeep.used_nonce'::regclass",
        )
        return rows[0]?.n
      },
    )
    expect(read).toBe(0)
    for (let round = 0; round < 4; round++) await clinic.session(third)
    const old = "select count(*)::int as n from wardkeep.used_nonce where used_at < now() - interval '30 minutes'"
    expect(await clinic.admin(old)).toEqual([{ n: 0 }])
  })

  it("a grant given at the moment of an offboarding in the same tenant is revoked with the others", async () => {
    const leaver = name()
    const chief = name()
    await clinic.grant(leaver, "doctor", 0)
    await clinic.grant(chief, "chief", 0, { scope: "all" })
    const session = await clinic.session(chief)
    const revoked = await asSuperuser(database.appUrl(clinic.host.logins.app), async (app) => {
      await app.query("begin")
      await enter(app, session)
      await app.query("select wardkeep.grant_assignment($1, 'reception', $2, null, null, null, 'x')", [
        leaver,
        JSON.stringify({ branch: own.branch }),
      ])
      const ending = offboard(leaver)
      await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, 300))])
      await app.query("commit")
      return await ending
    })
    expect(revoked).toBe(2)
    await expect(clinic.session(leaver)).rejects.toMatchObject({ code: "WK202" })
    expect(await clinic.wk.run(session, () => revokeAssignments(clinic.wk, { actor: leaver, reason: "again" }))).toBe(0)
  })
})
