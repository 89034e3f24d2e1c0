import type { Session } from "@wardkeep/postgres"
import { apply, asOwner, type Strategy, useStrategy } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { enterBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser, codeOf } from "./world.ts"

interface Call {
  readonly sql: string
  readonly values?: readonly unknown[]
}

/** What waited for a lock is carried out on the authority that is there when the wait is over, or not at all. */
describe.each<Strategy>(["portable", "accelerated"])(
  "whoever lost their access while a call of theirs waited, %s",
  (strategy) => {
    const database = useDatabase({ owner: "superuser" })
    const clinic = useAssigned(database)
    let counter = 0
    let boss: Session

    const person = async (role: string, over: Record<string, unknown> = {}): Promise<Session> => {
      const actor = `person-${counter++}`
      await clinic.grant(actor, role, 0, over)
      return await clinic.session(actor)
    }
    const chief = (): Promise<Session> => person("chief", { scope: "all" })

    beforeAll(async () => {
      if (strategy === "accelerated") {
        const { policy, logins } = clinic.host
        await connected(database.adminUrl, (admin) => useStrategy(admin, policy, strategy))
        await connected(withLogin(database.adminUrl, logins.migrator), (client) =>
          asOwner(client, policy, () => apply({ client, policy })),
        )
      }
      boss = await chief()
    })

    const entered = async (app: pg.Client, session: Session): Promise<void> => {
      const { dbRole, token, tenant } = session.grants[0]!
      await app.query("begin")
      await enterBySql(app, { db_role: dbRole, token, tenant })
    }
    const inApp = <T>(work: (app: pg.Client) => Promise<T>): Promise<T> =>
      asSuperuser(database.appUrl(clinic.host.logins.app), work)

    /** `held` stays open while `asked` waits behind it; then access ends, and what was held is rolled back. */
    const waiting = (
      by: Session,
      held: Call,
      who: Session,
      asked: Call,
      end: () => Promise<unknown>,
    ): Promise<string> =>
      inApp((first) =>
        inApp(async (second) => {
          await entered(first, by)
          await first.query(held.sql, [...(held.values ?? [])])
          await entered(second, who)
          const answer = second.query(asked.sql, [...(asked.values ?? [])]).then(() => "done", codeOf)
          const early = await waitsFor(database.adminUrl, first, answer)
          expect(early, "the control failed: nothing was waited for").toBe("waits")
          await end()
          await first.query("rollback")
          const code = await answer
          await second.query(code === "done" ? "commit" : "rollback")
          return code
        }),
      )

    const ends: readonly [string, (who: Session) => Promise<unknown>][] = [
      ["offboarded", ({ actor }) => clinic.issuer.offboard({ actor, by: "hr-1", reason: "left" })],
      ["signed out", ({ id }) => clinic.issuer.endSession(id, "stolen")],
      [
        "out of time",
        ({ actor }) =>
          clinic.admin("update wardkeep.token set valid_until = clock_timestamp() where actor = $1", [actor]),
      ],
    ]
    const grant = (to: string, role: string): Call => ({
      sql: "select wardkeep.grant_assignment($1, $2, $3, null, null, null, 'x')",
      values: [to, role, JSON.stringify({ branch: clinic.places[0].branch })],
    })
    const narrow = (role: string, taken = "role"): Call => ({
      sql: "select wardkeep.narrow_role($1, $2, 'x')",
      values: [role, taken],
    })
    const declare = (subject = ""): Call => ({
      sql: "select wardkeep.declare_break_glass($1, $2, 'unconscious', 'a fall', 5) as id",
      values: [clinic.places[1].branch, subject],
    })
    const revoke = (from: string): Call => ({
      sql: "select wardkeep.revoke_assignments($1, null, 'x')",
      values: [from],
    })
    const rows = async (text: string, values: unknown[] = []): Promise<number> =>
      (await clinic.admin(text, values)).length

    describe.each(ends)("%s", (_end, end) => {
      it("grants nothing", async () => {
        const [who, to] = [await chief(), `friend-${counter++}`]
        expect(await waiting(boss, grant(to, "reception"), who, grant(to, "doctor"), () => end(who))).toBe("WK102")
        expect(await rows("select from wardkeep.assignment where actor = $1", [to])).toBe(0)
      })

      it("revokes nothing, whether it waits for the person or for one of the person's tokens", async () => {
        const [who, victim] = [await chief(), await person("doctor")]
        const live = "select from wardkeep.assignment where actor = $1 and revoked_at is null"
        expect(await waiting(boss, grant(victim.actor, "reception"), who, revoke(victim.actor), () => end(who))).toBe(
          "WK102",
        )
        expect(await rows(live, [victim.actor])).toBe(1)
        const again = await chief()
        expect(await waiting(boss, narrow("doctor"), again, revoke(victim.actor), () => end(again))).toBe("WK102")
        expect(await rows(live, [victim.actor])).toBe(1)
      })

      it("narrows nothing, whether it waits for the tenant or for somebody's token", async () => {
        const [who, doctor] = [await chief(), await person("doctor")]
        expect(await waiting(boss, narrow("cashier"), who, narrow("auditor"), () => end(who))).toBe("WK102")
        const again = await chief()
        expect(
          await waiting(boss, revoke(doctor.actor), again, narrow("doctor", "purpose care"), () => end(again)),
        ).toBe("WK102")
        expect(await rows("select from wardkeep.narrowing")).toBe(0)
      })

      it("lifts nothing", async () => {
        const who = await chief()
        const taken = "delete public.visit"
        await inApp(async (app) => {
          await entered(app, boss)
          await app.query(narrow("doctor", taken).sql, ["doctor", taken])
          await app.query("commit")
        })
        const lift = { sql: "select wardkeep.lift_narrowing('doctor', $1, 'x')", values: [taken] }
        expect(await waiting(boss, narrow("cashier"), who, lift, () => end(who))).toBe("WK102")
        expect(await rows("select from wardkeep.narrowing where what = $1", [taken])).toBe(1)
        await clinic.admin("delete from wardkeep.narrowing")
      })

      it("declares and reviews no emergency", async () => {
        const doctor = await person("doctor")
        const subject = clinic.places[1].patients[0]
        expect(await waiting(doctor, declare(subject), doctor, declare(subject), () => end(doctor))).toBe("WK102")
        expect(await rows("select from wardkeep.break_glass where declared_by = $1", [doctor.actor])).toBe(0)

        const [other, who] = [await person("doctor"), await chief()]
        const id = await inApp(async (app) => {
          await entered(app, other)
          const declared = await app.query<{ id: string }>(declare(subject).sql, [...(declare(subject).values ?? [])])
          await app.query("commit")
          return declared.rows[0]?.id
        })
        const review = { sql: "select wardkeep.review_break_glass($1, 'justified', 'seen')", values: [id] }
        expect(await waiting(boss, review, who, review, () => end(who))).toBe("WK102")
        expect(await rows("select from wardkeep.break_glass where id = $1 and reviewed_at is null", [id])).toBe(1)
      })
    })

    it("and whoever kept it is served when the wait is over", async () => {
      const [who, to] = [await chief(), `friend-${counter++}`]
      const nothing = async (): Promise<void> => undefined
      expect(await waiting(boss, grant(to, "reception"), who, grant(to, "doctor"), nothing)).toBe("done")
      expect(await waiting(boss, grant(to, "reception"), who, revoke(to), nothing)).toBe("done")
      expect(await waiting(boss, narrow("cashier"), who, narrow("auditor"), nothing)).toBe("done")
      expect(await rows("select from wardkeep.narrowing")).toBe(1)
    })

    it("a session that was issued to fewer branches meanwhile grants in those only", async () => {
      const who = await person("admin", { scope: "all" })
      const to = `friend-${counter++}`
      const smaller = (): Promise<unknown> =>
        clinic.admin("update wardkeep.token set branches = array[$2] where actor = $1", [
          who.actor,
          clinic.places[1].branch,
        ])
      expect(await waiting(boss, grant(to, "reception"), who, grant(to, "doctor"), smaller)).toBe("WK206")
      expect(await rows("select from wardkeep.assignment where actor = $1", [to])).toBe(0)
    })
  },
)
