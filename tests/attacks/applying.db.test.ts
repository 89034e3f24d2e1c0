import { createHmac, randomUUID } from "node:crypto"
import { parsePolicy } from "@wardkeep/core"
import { declareBreakGlass, type Session } from "@wardkeep/postgres"
import { apply, asOwner, emit } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterEach, beforeAll, describe, expect, it } from "vitest"
import { type AssignedClinic, assignedPolicy, useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { pausedBefore } from "#tests/fixture/paused.ts"
import { type UsedDatabase, useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser, codeOf } from "./world.ts"

const read = { read: true }
const doctor = { purposes: ["care", "billing"], can: { patient: read } }
const clerk = { purposes: ["billing"], can: { patient: read } }
const unassigned = {
  assignments: "host",
  roles: { doctor, clerk },
  services: { reminders: { purposes: ["care", "billing"], can: { visit: "read" } } },
  combinations: undefined,
  exclusive: undefined,
  breakGlass: undefined,
}

/** Applies another policy; `meanwhile` runs before its commit. */
const applying = (
  database: UsedDatabase,
  clinic: AssignedClinic,
  over: Record<string, unknown>,
  meanwhile: (client: pg.Client) => Promise<unknown> = async () => undefined,
  setting = "select 1",
): Promise<void> =>
  connected(withLogin(database.ownerUrl, clinic.host.logins.migrator), async (client) => {
    const { deployment } = clinic.host.policy
    const policy = parsePolicy(assignedPolicy({ ...over, deployment }))
    await client.query(setting)
    await asOwner(client, policy, () =>
      apply({ client: pausedBefore(client, /^commit$/, () => meanwhile(client)), policy }),
    )
  })

const signed = (clinic: AssignedClinic, kind: string, body: object): unknown[] => {
  const text = JSON.stringify({ nonce: randomUUID(), issued_at: new Date().toISOString(), ...body })
  return [text, clinic.key.id, createHmac("sha256", clinic.key.secret).update(`${kind}:${text}`).digest()]
}

describe("what a policy takes away is in no session that is issued while it is applied", () => {
  const database = useDatabase()
  const clinic = useAssigned(database, unassigned)
  const tenant = (): string => clinic.places[0].clinic
  const person = (role: string): Promise<Session> =>
    clinic.session("asha", { assignments: [{ tenant: tenant(), branches: "all", role }] })
  const service = (): Promise<Session> => clinic.issuer.issueService({ service: "reminders", tenant: tenant() })
  let open: Session
  const job = (): Promise<Session> =>
    clinic.issuer.reopenSession({
      ...{ sessionId: open.id, tenant: tenant(), role: "doctor", purpose: "billing", actor: "asha" },
    })
  const count = async (where: string): Promise<number> => {
    const text = `select count(*)::int as n from wardkeep.token where ${where}`
    return (await clinic.admin<{ n: number }>(text))[0]?.n ?? -1
  }
  afterEach(async () => {
    await clinic.host.apply()
  })

  const less = { ...doctor, purposes: ["care"] }
  const cases: [string, Record<string, unknown>, () => Promise<Session>, string][] = [
    ["a purpose, of a person", { roles: { doctor: less, clerk } }, () => person("doctor"), "purpose = 'billing'"],
    ["a purpose, of a job", { roles: { doctor: less, clerk } }, job, "role = 'doctor' and purpose = 'billing'"],
    [
      "a purpose, of a service",
      { services: { reminders: { ...unassigned.services.reminders, purposes: ["care"] } } },
      service,
      "role = 'reminders' and purpose = 'billing'",
    ],
    ["a role", { roles: { doctor } }, () => person("clerk"), "role = 'clerk'"],
    ["what nobody assigned", { assignments: "required" }, () => person("doctor"), "role = 'doctor' and not assigned"],
  ]

  it.each(cases)("%s, when the request comes before the commit", async (_what, over, issue, lost) => {
    open = await person("doctor")
    let issuing: Promise<unknown> = Promise.resolve()
    await applying(database, clinic, { ...unassigned, ...over }, (client) => {
      issuing = issue().catch(codeOf)
      return waitsFor(database.adminUrl, client, issuing)
    })
    await issuing
    expect(await count(lost)).toBe(0)
  })

  it.each([
    ["the server's own isolation", "select 1"],
    ["another isolation as the default", "set default_transaction_isolation = 'repeatable read'"],
  ])("a purpose, when the session was issued before and is not committed: %s", async (what, setting) => {
    const actor = `ravi, ${what}`
    const assignments = [{ tenant: tenant(), branches: "all", role: "doctor" }]
    await asSuperuser(database.url(clinic.host.logins.issuer), async (issuer) => {
      await issuer.query("begin")
      const text = "select purpose from wardkeep.issue_session($1, $2, $3)"
      const issued = await issuer.query(text, signed(clinic, "session", { actor, ttl_seconds: 600, assignments }))
      expect(issued.rowCount).toBe(2)
      const over = { ...unassigned, roles: { doctor: less, clerk } }
      const done = applying(database, clinic, over, async () => undefined, setting)
      expect(await waitsFor(database.adminUrl, issuer, done)).toBe("waits")
      await issuer.query("commit")
      await done
    })
    const left = await clinic.admin("select purpose from wardkeep.token where actor = $1", [actor])
    expect(left).toEqual([{ purpose: "care" }])
  })

  it("a purpose, while many sign in without a pause, who hold up the apply no longer than their own requests", async () => {
    let stop = false
    const busy = Array.from({ length: 3 }, async () => {
      while (!stop) await person("doctor").catch(codeOf)
    })
    // It fails by its own lock time-out where they pass it by.
    await applying(database, clinic, { ...unassigned, roles: { doctor: less, clerk } }).finally(() => {
      stop = true
    })
    await Promise.all(busy)
    expect(await count("role = 'doctor' and purpose = 'billing'")).toBe(0)
  })

  it("a purpose, when the plan is run as SQL, whatever the server's default isolation", async () => {
    const { deployment } = clinic.host.policy
    const policy = parsePolicy(assignedPolicy({ ...unassigned, roles: { doctor: less, clerk }, deployment }))
    const text = emit(await clinic.host.plan(policy))
    await person("doctor")
    await clinic.host.asOwner(async (owner: pg.Client) => {
      await owner.query("set default_transaction_isolation = 'serializable'")
      // As psql does it, one statement after the other; a block between dollar marks is one.
      for (const [statement] of text.matchAll(/(?:(\$\w*\$)[\s\S]*?\1|(?!;\n)[\s\S])+/g)) await owner.query(statement)
    })
    expect(await count("role = 'doctor' and purpose = 'billing'")).toBe(0)
  })

  it("is in the steps that a migration tool of the host runs, too", async () => {
    const { deployment } = clinic.host.policy
    const over = { ...unassigned, roles: { doctor: less, clerk }, deployment }
    const { steps } = await clinic.host.plan(parsePolicy(assignedPolicy(over)))
    let issuing: Promise<unknown> = Promise.resolve()
    await clinic.host.asOwner(async (owner: pg.Client) => {
      await owner.query("begin")
      for (const { sql } of steps) await owner.query(sql)
      issuing = person("doctor").catch(codeOf)
      await waitsFor(database.adminUrl, owner, issuing)
      await owner.query("commit")
    })
    await issuing
    expect(await count("role = 'doctor' and purpose = 'billing'")).toBe(0)
  })
})

describe("an emergency that is opened while a policy is applied", () => {
  const database = useDatabase()
  const clinic = useAssigned(database)
  let session: Session
  beforeAll(async () => {
    await clinic.grant("doctor-1", "doctor", 0)
    session = await clinic.session("doctor-1")
  })

  it("is not opened under the rule that was in force before", async () => {
    const { branch, patients } = clinic.places[1]
    const declared = { branch, subject: patients[0] ?? "", reason: "unconscious", explanation: "a fall", minutes: 10 }
    const id = await clinic.wk.run(session, () => declareBreakGlass(clinic.wk, declared))
    const rule = {
      role: "emergency",
      from: ["locum"],
      longest: "PT1H",
      reasons: ["unconscious"],
      reviewedBy: ["chief"],
    }
    let opening: Promise<unknown> = Promise.resolve()
    await applying(database, clinic, { breakGlass: rule }, (client) => {
      opening = clinic.issuer.openBreakGlass({ id, session }).then(() => "opened", codeOf)
      return waitsFor(database.adminUrl, client, opening)
    })
    expect(await opening).toBe("WK207")
    expect(await clinic.admin("select from wardkeep.token where break_glass is not null")).toEqual([])
  })
})
