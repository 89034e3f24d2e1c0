import { createHmac, randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { liftNarrowing, narrowRole, revokeAssignments, type Session } from "@wardkeep/postgres"
import { backfill, exportTenants, load, setBranchGroup } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { pausedBefore } from "#tests/fixture/paused.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser, codeOf } from "./world.ts"

const database = useDatabase()
const clinic = useAssigned(database)
const [own, , foreign] = clinic.places
let counter = 0
const branchOf = (place: number): string => clinic.places[place]?.branch ?? ""
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
      "select wardkeep.tenant_kept('x')",
      "select wardkeep.policy_alone()",
      "lock table wardkeep.signing_key in access share mode",
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

  describe("nobody for the owner's work, however long it takes", () => {
    let chief: Session
    beforeAll(async () => {
      const actor = name()
      await clinic.grant(actor, "chief", 0, { scope: "all" })
      chief = await clinic.session(actor)
    })
    const migrator = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
      asSuperuser(database.url(clinic.host.logins.migrator), work)

    /** Everything that takes access away in this tenant, and a login behind it. */
    const takeAway = async (): Promise<void> => {
      const { policy } = clinic.host
      const leaver = name()
      await clinic.grant(leaver, "doctor", 0)
      const branches = [own.branch]
      const group = { policy, tenant: own.clinic, name: "south", branches }
      const taken = { role: "cashier", taken: "role", reason: "audit" } as const
      expect(await soon(clinic.wk.run(chief, () => narrowRole(clinic.wk, policy, taken)))).toBeUndefined()
      expect(await soon(clinic.wk.run(chief, () => liftNarrowing(clinic.wk, policy, taken)))).toBe(true)
      expect(await soon(migrator((client) => setBranchGroup({ client, ...group })))).toBeUndefined()
      const extra = randomUUID()
      await clinic.admin("insert into branch (id, clinic_id, name) values ($1, $2, 'extra')", [extra, own.clinic])
      expect(await soon(clinic.admin("delete from branch where id = $1", [extra]))).toEqual([])
      expect(await soon(offboard(leaver))).toBe(1)
      expect(await soon(clinic.session(people[1] ?? ""))).toMatchObject({ actor: people[1] })
    }

    it("a backfill", async () => {
      const options = { policy: clinic.host.policy, reason: "long", tenants: [own.clinic] }
      await migrator((client) =>
        backfill({ client, ...options }, async (q) => {
          await q.query("update visit set reason = reason")
          await takeAway()
        }),
      )
    })

    it("a load", async () => {
      const id = randomUUID()
      const columns = ["clinic_id", "branch_id", "patient_id", "id", "reason"]
      const row = [own.clinic, own.branch, own.patients[0], id, "import"]
      const loading = await asSuperuser(database.adminUrl, async (admin) => {
        // The load waits for this row inside its INSERT.
        await admin.query("begin")
        await admin.query(`insert into visit (${columns.join(", ")}) values ($1, $2, $3, $4, $5)`, row)
        const options = { policy: clinic.host.policy, table: "visit", columns, rows: [row], reason: "long" }
        const work = migrator((client) => load({ client, ...options }))
        const early = await waitsFor(database.adminUrl, admin, work)
        expect(early, "the control failed: the load is not under way").toBe("waits")
        await takeAway()
        await admin.query("rollback")
        return work
      })
      expect(loading).toEqual({ rows: 1, tenants: 1 })
    })

    it("an export", async () => {
      const folder = await mkdtemp(join(tmpdir(), "wk-locks-"))
      try {
        const { policy } = clinic.host
        let tried = 0
        const late = async (): Promise<void> => {
          tried++
          await takeAway()
        }
        await migrator((client) =>
          migrator((counter) =>
            exportTenants({
              client: pausedBefore(client, /from wardkeep\.branch_group/, late),
              ...{ counter, policy, directory: folder, reason: "nightly" },
            }),
          ),
        )
        expect(tried).toBe(1)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })
  })

  it("a login that meets a narrowing and a revocation in one transaction waits for them, and is answered", async () => {
    const chief = name()
    const leaver = name()
    await clinic.grant(chief, "chief", 0, { scope: "all" })
    await clinic.grant(leaver, "doctor", 0)
    const session = await clinic.session(chief)
    await asSuperuser(database.appUrl(clinic.host.logins.app), async (app) => {
      // The login has waited for longer than the server's deadlock_timeout when the other way round is closed.
      await app.query("begin")
      await enter(app, session)
      await app.query("select wardkeep.narrow_role('auditor', 'role', 'x')")
      const login = clinic.session(leaver).then(() => "session", codeOf)
      expect(await waitsFor(database.adminUrl, app, login)).toBe("waits")
      const sql = "select wardkeep.revoke_assignments($1, null, 'x') as n"
      expect((await app.query(sql, [leaver])).rows).toEqual([{ n: 1 }])
      await app.query("commit")
      expect(await login).toBe("WK202")
    })
    await clinic.admin("delete from wardkeep.narrowing")
  })

  it("an offboarding and a change of the group of the same person, whichever of the tokens they meet at first", async () => {
    const { policy } = clinic.host
    const { clinic: tenant } = own
    const both = [own.branch, clinic.places[1].branch]
    const answers: string[] = []
    await asSuperuser(database.url(clinic.host.logins.migrator), async (client) => {
      const group = (branches: string[]) => setBranchGroup({ client, policy, tenant, name: "north", branches })
      await group(both)
      for (const [round, order] of ["dra", "dar", "rda", "rad", "adr", "ard"].entries()) {
        const leaver = name()
        const roles = { d: "doctor", r: "reception", a: "auditor" }
        const [first = "", ...others] = [...order].map((letter) => roles[letter as keyof typeof roles])
        for (const role of [first, ...others]) await clinic.grant(leaver, role, 0, { scope: { group: "north" } })
        await clinic.session(leaver)
        await clinic.session(leaver)
        await asSuperuser(database.adminUrl, async (admin) => {
          await admin.query("begin")
          await admin.query("select from wardkeep.token where actor = $1 and role = $2 for update", [leaver, first])
          const ending = offboard(leaver).then(() => "done", codeOf)
          expect(await waitsFor(database.adminUrl, admin, ending)).toBe("waits")
          const changing = group(round % 2 ? both : both.slice(0, 1)).then(() => "done", codeOf)
          expect(await waitsFor(database.adminUrl, admin, changing, 2)).toBe("waits")
          await admin.query("rollback")
          answers.push(await ending, await changing)
        })
        expect(await clinic.admin("select from wardkeep.token where actor = $1", [leaver])).toEqual([])
      }
    })
    expect(new Set(answers)).toEqual(new Set(["done"]))
  })

  it("an offboarding and the end of several branches at once", async () => {
    const [first, last] = [0, 1].sort((x, y) => (branchOf(x) < branchOf(y) ? -1 : 1))
    await asSuperuser(database.url(clinic.host.logins.migrator), (client) =>
      setBranchGroup({
        client,
        policy: clinic.host.policy,
        tenant: own.clinic,
        name: "both",
        branches: [branchOf(0), branchOf(1)],
      }),
    )
    const [leaver, other] = [name(), name()]
    await clinic.grant(leaver, "doctor", 0, { scope: { group: "both" } })
    await clinic.grant(other, "doctor", last ?? first ?? 0)
    const { id } = await clinic.session(leaver)
    // Found before the leaver's own among the sessions of the last branch, and kept by somebody.
    let before = await clinic.session(other)
    while (before.id > id) before = await clinic.session(other)
    await asSuperuser(database.adminUrl, async (keeper) => {
      await keeper.query("begin")
      await keeper.query("select from wardkeep.session where id = $1 for update", [before.id])
      await asSuperuser(database.adminUrl, async (ender) => {
        await ender.query("begin")
        await ender.query("create temporary table no_branch (id text, clinic text)")
        const forgetting = ender
          .query("select wardkeep.forget_missing('branch', 'no_branch'::regclass, 'id', 'clinic')")
          .then(() => "done", codeOf)
        expect(await waitsFor(database.adminUrl, keeper, forgetting)).toBe("waits")
        // Not by the issuer, who asks again after a deadlock.
        const ending = clinic.admin("select wardkeep.end_actor($1, 'left')", [leaver]).then(() => "done", codeOf)
        expect(await waitsFor(database.adminUrl, keeper, ending, 2).catch(() => "does not wait")).toBe("done")
        await keeper.query("rollback")
        expect(await forgetting).toBe("done")
        await ender.query("rollback")
      })
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
      expect(await waitsFor(database.adminUrl, app, ending)).toBe("waits")
      await app.query("commit")
      return await ending
    })
    expect(revoked).toBe(2)
    await expect(clinic.session(leaver)).rejects.toMatchObject({ code: "WK202" })
    expect(await clinic.wk.run(session, () => revokeAssignments(clinic.wk, { actor: leaver, reason: "again" }))).toBe(0)
  })
})
