import { apply, asOwner, drift, maintenance, plan } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "./audit.js"

const database = useDatabase()
let clinic: Clinic
let doctor: Grant
let other: Grant

interface Event {
  readonly tenant: string
  readonly branch: string | null
  readonly actor: string
  readonly role: string
  readonly purpose: string
  readonly session: string | null
  readonly request: string | null
  readonly verb: string
  readonly relation: string
  readonly record: string | null
  readonly subject: string | null
  readonly groups: string[]
  readonly n: number
  readonly detail: Record<string, unknown>
}

const admin = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => connected(database.adminUrl, work)
const asApp = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.ownerUrl, clinic.logins.app), work)

/** What `work` left in the log. */
async function recorded(work: () => Promise<unknown>): Promise<Event[]> {
  return await admin(async (client) => {
    const { rows: before } = await client.query("select coalesce(max(id), 0) as id from wardkeep_audit.event")
    await work()
    const { rows } = await client.query(
      `select tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, n, detail::json
         from wardkeep_audit.event where id > $1 order by id`,
      [before[0].id],
    )
    return rows
  })
}

const write = (grant: Grant, text: string, values?: unknown[]): Promise<Event[]> =>
  recorded(() => asApp((client) => inContext(client, grant, () => client.query(text, values))))

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const [first, , third] = clinic.branches
  const grants = await issueBySql(database.ownerUrl, clinic, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
  ])
  const others = await issueBySql(
    database.ownerUrl,
    clinic,
    [{ role: "doctor", tenant: third.clinic, branches: [third.branch], purposes: ["care"] }],
    { actor: "bela" },
  )
  doctor = grants[0] as Grant
  other = others[0] as Grant
})

describe("a write through the application's own login", () => {
  it("is one event with who, where, why and the changed columns only", async () => {
    const [created] = await write(doctor, "insert into patient (full_name, phone) values ('Ravi', '98')")
    expect(created).toMatchObject({
      tenant: clinic.branches[0].clinic,
      branch: clinic.branches[0].branch,
      actor: "asha",
      role: "doctor",
      purpose: "care",
      session: doctor.session_id,
      verb: "create",
      relation: "public.patient",
      groups: ["sensitive"],
      n: 1,
    })
    expect(created?.record).toBe(created?.subject)
    expect(created?.detail).toMatchObject({ full_name: [null, "Ravi"], hiv_status: "redacted" })
    const updated = await write(doctor, "update patient set phone = '99', full_name = full_name where id = $1", [
      created?.record,
    ])
    expect(updated).toMatchObject([{ verb: "update", groups: [], detail: { phone: ["98", "99"] } }])
    expect(Object.keys(updated[0]?.detail ?? {})).toEqual(["phone"])
    const deleted = await write(doctor, "delete from patient where id = $1", [created?.record])
    expect(deleted).toMatchObject([{ verb: "delete", record: created?.record, detail: { phone: ["99", null] } }])
  })

  it("never writes a redacted value, and names that it changed", async () => {
    const events = await write(doctor, "update patient set hiv_status = 'secret-canary'")
    expect(events).toHaveLength(5)
    expect(events[0]?.detail).toEqual({ hiv_status: "redacted" })
    expect(events[0]?.groups).toEqual(["sensitive"])
    expect(JSON.stringify(events)).not.toContain("secret-canary")
  })

  it("records each row of a bulk statement, each branch of a conflict, and what a cascade took along", async () => {
    const bulk = await write(
      doctor,
      "insert into patient (full_name) select 'Bulk ' || n from generate_series(1, 300) n",
    )
    expect(new Set(bulk.map((event) => event.record)).size).toBe(300)
    const upsert = await write(
      doctor,
      `insert into patient (id, full_name) select p.id, 'Bulk X' from patient p where full_name = 'Bulk 1'
       union all select gen_random_uuid(), 'Bulk Y' on conflict (clinic_id, branch_id, id) do update set full_name = excluded.full_name`,
    )
    expect(upsert.map((event) => event.verb).sort()).toEqual(["create", "update"])
    const visit = await write(
      doctor,
      "insert into visit (patient_id, reason) select id, 'cough' from patient where full_name = 'Bulk X'",
    )
    expect(visit).toMatchObject([{ relation: "public.visit", verb: "create" }])
    const gone = await write(doctor, "delete from patient where full_name = 'Bulk X'")
    expect(gone.map((event) => event.relation).sort()).toEqual(["public.patient", "public.visit"])
    expect(new Set(gone.map((event) => event.actor))).toEqual(new Set(["asha"]))
  })

  it("is not there when its transaction is not, nor when nothing changed", async () => {
    const undone = await recorded(() =>
      asApp(async (client) => {
        await client.query("begin")
        await client.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [
          doctor.db_role,
          doctor.token,
        ])
        await client.query("update patient set phone = 'x'")
        await client.query("rollback")
      }),
    )
    expect(undone).toEqual([])
    expect(await write(doctor, "update patient set full_name = full_name")).toEqual([])
  })

  it("carries the request id that the client names, as a label", async () => {
    const events = await recorded(() =>
      asApp((client) =>
        inContext(client, doctor, async () => {
          await client.query("select set_config('wardkeep.request', 'req-1', true)")
          await client.query("insert into patient (full_name) values ('R')")
        }),
      ),
    )
    expect(events).toMatchObject([{ request: "req-1" }])
  })
})

describe("an attacker with the application's login", () => {
  const refused = async (text: string, grant: Grant = doctor): Promise<unknown> =>
    await asApp((client) => inContext(client, grant, () => client.query(text))).catch(
      (error: { code: string }) => error.code,
    )

  it("reads, writes, changes and empties nothing of the log, and calls nothing of it", async () => {
    for (const table of ["event", "event_other", "leaf", "log", "erased", "refiled", "checkpoint", "seal_state"]) {
      for (const text of [
        `select from wardkeep_audit.${table}`,
        `delete from wardkeep_audit.${table}`,
        `truncate wardkeep_audit.${table}`,
      ])
        expect(await refused(text)).toBe("42501")
    }
    for (const call of [
      "wardkeep_audit.context()",
      "wardkeep_audit.make_months(1)",
      "wardkeep_audit.erase_subject('x', 'x', 'x')",
      "wardkeep_audit.logged_records('x', 'x', '[]')",
      "wardkeep_audit.forget_refiled('x')",
      "nextval('wardkeep_audit.event_id')",
    ])
      expect(await refused(`select ${call}`)).toBe("42501")
    for (const part of ["disable trigger all", "disable trigger wk_audit_update", "drop column phone"])
      expect(await refused(`alter table patient ${part}`)).toBe("42501")
    expect(await refused("set session_replication_role = replica")).toBe("42501")
  })

  it("does not write under another actor by a setting, nor under another tenant inside one statement", async () => {
    const switched = `with w as (update patient set phone = '1' returning id)
      select set_config('wardkeep.token', '${other.token}', true) from w`
    expect(await refused(switched)).toBe("WK401")
    const emptied =
      "with w as (update patient set phone = '1' returning id) select set_config('wardkeep.token', '', true) from w"
    expect(await refused(emptied)).toBe("WK101")
    const claimed = await write(
      doctor,
      "update patient set phone = '7' where set_config('wardkeep.actor', 'bela', true) = 'bela'",
    )
    expect(new Set(claimed.map((event) => event.actor))).toEqual(new Set(["asha"]))
  })
})

describe("no actor, no write", () => {
  it("holds for the superuser, with replicas' rules too", async () => {
    const bare = (prefix: string): Promise<unknown> =>
      admin(async (client) => {
        await client.query(prefix)
        return await client.query("insert into drug values (9, 'x')").catch((error: { code: string }) => error.code)
      })
    expect(await bare("select 1")).toBe("WK101")
    expect(await bare("set session_replication_role = replica")).toBe("WK101")
  })

  it("names the login that writes under the owner's role, which FORCE keeps from what belongs to tenants", async () => {
    const asMigrator = (text: string): Promise<unknown> =>
      connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
        asOwner(client, clinic.policy, () => client.query(text)),
      )
    expect(await recorded(() => asMigrator("insert into drug values (9, 'x')"))).toMatchObject([
      { actor: `owner:${clinic.logins.migrator.user}`, role: "owner", purpose: "owner", tenant: "", verb: "create" },
    ])
    const refused = asMigrator("update patient set phone = 'x'")
    await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/^(WK101|42501)$/) })
  })

  it("names the maintenance in which the owner writes, and counts what it empties", async () => {
    const client = (work: Parameters<typeof maintenance<unknown>>[1]): Promise<Event[]> =>
      recorded(() =>
        connected(withLogin(database.ownerUrl, clinic.logins.migrator), (migrator) =>
          maintenance({ client: migrator, policy: clinic.policy, tables: ["note"], reason: "test" }, work),
        ),
      )
    const events = await client((q) => q.query("update note set body = 'corrected'"))
    expect(events.length).toBe(15)
    expect(events[0]).toMatchObject({
      actor: `maintenance:${clinic.logins.migrator.user}`,
      role: "owner",
      tenant: clinic.branches[0].clinic,
    })
    const emptied = await client((q) => q.query("truncate note"))
    expect(emptied.map((event) => [event.verb, event.n]).sort()).toEqual([
      ["delete", 10],
      ["delete", 5],
    ])
  })
})

describe("the plan", () => {
  const owned = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
      asOwner(client, clinic.policy, () => work(client)),
    )
  const input = (client: pg.Client) => ({ client, policy: clinic.policy, extensions: [audit] })

  it("is empty after an apply, also for who does not know the log, and brings back a trigger that was disabled", async () => {
    expect((await owned((client) => plan(input(client)))).steps).toEqual([])
    expect((await owned((client) => plan({ client, policy: clinic.policy }))).steps).toEqual([])
    await admin((client) => client.query("alter table patient disable trigger wk_audit_update"))
    await admin((client) =>
      client.query(
        `create or replace function wardkeep_audit.context() returns wardkeep.token language sql as 'select null::wardkeep.token';
         alter table wardkeep_audit.leaf disable row level security`,
      ),
    )
    expect((await owned((client) => drift(input(client)))).map((finding) => finding.object)).toEqual(
      expect.arrayContaining([
        "trigger public.patient wk_audit_update",
        "function wardkeep_audit.context()",
        "table wardkeep_audit.leaf",
      ]),
    )
    await owned((client) => apply(input(client)))
    expect(await owned((client) => drift(input(client)))).toEqual([])
    expect(await write(doctor, "update patient set phone = 'back'")).not.toEqual([])
  })

  it("refuses a redaction of what is not there", async () => {
    const patient = clinic.policy.tables.get("public.patient")
    if (patient === undefined) throw new Error("the fixture has patients")
    const tables = new Map([
      ...clinic.policy.tables,
      ["public.patient", { ...patient, audit: { redact: ["nothing"] } }],
    ] as const)
    const asked = owned((client) => plan({ ...input(client), policy: { ...clinic.policy, tables } }))
    await expect(asked).rejects.toMatchObject({ code: "WK002" })
  })
})
