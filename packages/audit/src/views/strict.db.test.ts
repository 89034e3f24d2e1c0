import { asOwner, plan } from "@wardkeep/postgres/migrate"
import { describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(["sensitive"]), extensions: [audit], views: recordViews })
const query = (text: string, reads?: string[]): Promise<unknown> =>
  used.wk.run(used.doctor, () => used.wk.query(text, [], reads === undefined ? {} : { reads }))

const refused = [
  "select hiv_status from patient where id is not null for update",
  "select hiv_status from patient order by id offset 0 for no key update",
  "select s.hiv_status from (select hiv_status from patient) s",
  "select count(*) filter (where hiv_status = 'x') from patient",
  "select exists (select from patient where hiv_status is not null)",
  "select (select count(*) from patient where hiv_status = 'x') as n",
  "select count(*) from patient where hiv_status = 'nobody has it'",
  "select max(s.hiv_status) from (select hiv_status from patient offset 0) s",
  "select count(*) from patient group by grouping sets ((hiv_status), ())",
  "select a.id, b.hiv_status from patient a join patient b on a.id <> b.id",
  "select id, lag(hiv_status) over (order by id) from patient",
  "with p as materialized (select * from patient) select a.id, b.hiv_status from p a, p b",
  "select hiv_status from patient union select full_name from patient",
  "update patient set phone = 'strict' returning hiv_status",
  "select query_to_xml('select hiv_status from patient', true, false, '')",
]
/** Of these the client adds whose rows they are. */
const added = [
  "select hiv_status from patient",
  "select full_name from patient where hiv_status = 'x' or true",
  "select full_name from patient order by hiv_status",
  "select count(*) from patient group by hiv_status",
  "select distinct hiv_status from patient",
  "select to_jsonb(p) from patient p",
  "select p from patient p",
  "select json_agg(p) from patient p",
]
const shown = [
  "select id, hiv_status from patient",
  "select * from patient",
  "select full_name, phone from patient",
  "select count(*) from patient",
  "select count(*) from patient p join visit v on v.patient_id = p.id",
  "select id from patient where hiv_status is not null",
  "update patient set phone = 'shown' returning id, hiv_status",
]

describe("a strict group of columns", () => {
  it.each(refused)("is not shown without a person: %s", async (text) => {
    // Twice: also from what was kept of the text.
    for (let time = 0; time < 2; time++) {
      const error = await query(text).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: "WK412" })
      expect((error as Error).message).toContain("strict.db.test.ts:")
    }
  })

  it.each(shown)("is shown with one, and other columns without: %s", async (text) => {
    for (let time = 0; time < 2; time++) expect(await query(text)).toMatchObject({ command: expect.any(String) })
  })

  it.each(added)("is shown with the persons that the client adds, the first time too: %s", async (text) => {
    const patients = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by 1", [
      used.clinic.branches[0].branch,
    ])
    const [before] = await used.admin<{ id: string }>("select max(id)::text as id from wardkeep_audit.event")
    for (let time = 0; time < 2; time++) expect(await query(text)).toMatchObject({ command: "SELECT" })
    await used.wk.run(used.doctor, () => used.wk.tx((q) => q.query(text)))
    const events = await used.admin(
      "select subject, detail::json -> 'subjects' as subjects, groups, detail::json ->> 'source' as source from wardkeep_audit.event where verb = 'view' and id > $1",
      [before?.id],
    )
    const event = { subject: null, subjects: patients.map(({ id }) => id), groups: ["sensitive"], source: "exact" }
    expect(events).toEqual([event, event, event])
  })

  it("undoes a write that would have shown it, and refuses a stream and a download", async () => {
    const [phone] = await used.admin<{ n: number }>("select count(*)::int as n from patient where phone = 'strict'")
    expect(phone?.n).toBe(0)
    const rows: unknown[] = []
    const streamed = used.wk.run(used.doctor, async () => {
      for await (const row of used.wk.stream("select hiv_status from patient")) rows.push(row)
    })
    await expect(streamed).rejects.toMatchObject({ code: "WK412" })
    const copied = used.wk.run(used.doctor, async () => {
      for await (const chunk of used.wk.copyOut("select id, hiv_status from patient")) rows.push(chunk)
    })
    await expect(copied).rejects.toMatchObject({ code: "WK412" })
    expect(rows).toEqual([])
  })

  it("is not shown by a function, unless its author says that it reads something else", async () => {
    const { policy, logins } = used.clinic
    await connected(withLogin(database.ownerUrl, logins.migrator), (client) =>
      asOwner(client, policy, () =>
        client.query("create function anything() returns text language plpgsql stable as $$ begin return 'x'; end $$"),
      ),
    )
    await expect(query("select anything()")).rejects.toMatchObject({ code: "WK412" })
    await expect(query("select anything()", ["public.patient"])).rejects.toMatchObject({ code: "WK412" })
    expect(await query("select anything()", ["public.visit"])).toMatchObject({ rowCount: 1 })
  })

  it("does not plan with a column that is not there", async () => {
    const { policy, logins } = used.clinic
    const tables = new Map(policy.tables)
    const rule = tables.get("public.patient")
    if (rule === undefined) return expect.unreachable()
    tables.set("public.patient", { ...rule, audit: { views: { strict: ["hiv"] } } })
    const planned = connected(withLogin(database.ownerUrl, logins.migrator), (client) =>
      asOwner(client, policy, () => plan({ client, policy: { ...policy, tables }, extensions: [audit] })),
    )
    await expect(planned).rejects.toMatchObject({ code: "WK002", message: expect.stringContaining("strict: hiv") })
  })
})

describe("the plan", () => {
  it("finds nothing left to do, and takes the function back from the roles when no view is recorded", async () => {
    const { policy, logins } = used.clinic
    const planned = (over = policy) =>
      connected(withLogin(database.ownerUrl, logins.migrator), (client) =>
        asOwner(client, policy, () => plan({ client, policy: over, extensions: [audit] })),
      )
    const dropped = (await planned()).steps.map(({ sql }) => sql)
    expect(dropped.filter((sql) => sql.includes("wardkeep_audit"))).toEqual([])
    const rest = [...policy.tables].map(([name, { audit: _, ...rule }]) => [name, rule] as const)
    const off = (await planned({ ...policy, tables: new Map(rest) })).steps.map(({ sql }) => sql)
    expect(off.some((sql) => /^revoke execute on function wardkeep_audit.record_views/.test(sql))).toBe(true)
    expect(off.some((sql) => /^drop function if exists .*viewed_tables/.test(sql))).toBe(true)
  })
})
