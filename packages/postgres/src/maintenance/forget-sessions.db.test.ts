import { beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic } from "#tests/fixture/clinic.ts"
import { asMigrator } from "#tests/fixture/migrator.ts"
import { issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { forgetSessions } from "./forget-sessions.js"

const database = useDatabase()
let clinic: Clinic
const years = (count: number): Date => new Date(Date.now() - count * 366 * 86_400_000)

const admin = <R extends object>(sql: string, values?: unknown[]): Promise<R[]> =>
  connected(database.adminUrl, async (client) => (await client.query<R & object>(sql, values)).rows as R[])
const forget = (before: Date, reason = "two years are over"): Promise<number> =>
  asMigrator(database.ownerUrl, clinic, (client) => forgetSessions({ client, policy: clinic.policy, before, reason }))
const issue = async (actor: string): Promise<string> => {
  const { clinic: tenant, branch } = clinic.branches[0]
  const [grant] = await issueBySql(
    database.adminUrl,
    clinic,
    [{ role: "doctor", tenant, branches: [branch], purposes: ["care"] }],
    { actor },
  )
  return grant?.session_id ?? ""
}
/** A session and its line as they look after two years; the triggers would not let this be written. */
const age = (id: string): Promise<unknown> =>
  admin(`set session_replication_role = replica;
    update wardkeep.session set created_at = created_at - interval '2 years', valid_until = valid_until - interval '2 years' where id = '${id}';
    update wardkeep.activity set at = at - interval '2 years' where detail ->> 'session' = '${id}'`)
const kinds = async (actor: string): Promise<string[]> =>
  (await admin<{ kind: string }>("select kind from wardkeep.activity where actor = $1 order by id", [actor])).map(
    ({ kind }) => kind,
  )
const sessions = async (actor: string): Promise<number> =>
  (await admin("select from wardkeep.session where actor = $1", [actor])).length

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
})

describe("old sessions", () => {
  it("go with the lines that each login left, and all else stays and says who removed what", async () => {
    await age(await issue("asha"))
    await issue("asha")
    await age(await issue("gone"))
    await admin(`insert into wardkeep.activity (at, kind, actor)
      select now() - interval '3 years', unnest('{assignment_granted,maintenance,backfill,key_added,lookup}'::text[]), 'old'`)
    expect(await forget(years(1.5))).toBe(2)
    expect([await sessions("asha"), await sessions("gone")]).toEqual([1, 0])
    expect(await kinds("asha")).toEqual(["session_issued"])
    expect(await kinds("gone")).toEqual([])
    expect(await kinds("old")).toEqual(["assignment_granted", "maintenance", "backfill", "key_added"])
    expect(await kinds(clinic.logins.migrator.user)).toContain("sessions_forgotten")
    const detail = await admin("select detail from wardkeep.activity where kind = 'sessions_forgotten'")
    expect(detail).toMatchObject([{ detail: { sessions: 2, lines: 3, reason: "two years are over" } }])
    const turns = await admin<{ actor: string }>("select actor from wardkeep.turn order by 1")
    expect(turns).toEqual([{ actor: "asha" }])
    await issue("gone")
    expect(await forget(years(1.5))).toBe(0)
  })

  it("stay where an emergency names them", async () => {
    const [id, resumed] = [await issue("emergency"), await issue("emergency")]
    const { clinic: tenant, branch } = clinic.branches[0]
    await admin(
      `insert into wardkeep.break_glass (tenant, branch, subject, reason, explanation, declared_by, declared_as, session_id, opened_in, valid_until)
       values ($1, $2, 'x', 'unconscious', 'fell', 'emergency', 'doctor', $3, $4, now())`,
      [tenant, branch, id, resumed],
    )
    for (const each of [id, resumed]) await age(each)
    await forget(years(1.5))
    expect(await sessions("emergency")).toBe(2)
  })

  it("of less than a year, or without a reason, do not go; nor does the owner remove lines of them by hand", async () => {
    await issue("recent")
    await expect(forget(years(0.5))).rejects.toMatchObject({ code: "WK307" })
    await expect(forget(years(2), " ")).rejects.toMatchObject({ code: "WK307" })
    for (const where of ["kind = 'session_issued'", "kind = 'assignment_granted' and at < now() - interval '2 years'"])
      await expect(admin(`delete from wardkeep.activity where ${where}`)).rejects.toMatchObject({ code: "42501" })
    expect(await sessions("recent")).toBe(1)
  })
})
