import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic } from "#tests/fixture/clinic.ts"
import { asMigrator } from "#tests/fixture/migrator.ts"
import { type Asked, type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { addTenant, backfill, setBranchGroup } from "../migrate/index.js"

const database = useDatabase()
let clinic: Clinic
let app: pg.Client
let doctor: Grant

const issue = async (asked: Asked): Promise<Grant> => (await issueBySql(database.adminUrl, clinic, [asked]))[0]!
const run = (sql: string, values: unknown[] = [], grant: Grant = doctor) =>
  inContext(app, grant, () => app.query(sql, values))

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
  app = new pg.Client({ connectionString: database.url(clinic.logins.app), options: '-c search_path="$user",public' })
  await app.connect()
  const [{ clinic: tenant, branch }] = clinic.branches
  doctor = await issue({ role: "doctor", tenant, branches: [branch], purposes: ["care"] })
})

afterAll(async () => {
  await app.end()
})

const find = async (word: string, grant: Grant = doctor): Promise<string[]> => {
  const sql =
    "select distinct p.full_name from patient p join patient_word w on w.patient_id = p.id where w.word >= $1 and w.word < wardkeep.prefix_end($1) order by 1"
  return (await run(sql, [word], grant)).rows.map((row) => row.full_name)
}

/** The words of every row, made again from the rows themselves. */
async function stale(): Promise<unknown[]> {
  const { rows } = await connected(database.adminUrl, (admin) =>
    admin.query(`with wanted as (
        select clinic_id, branch_id, id, wardkeep.words(full_name) as word from patient
        union select clinic_id, branch_id, id, wardkeep.digit_word(phone) from patient where phone ~ '[0-9]'),
      present as (select clinic_id, branch_id, patient_id, word from patient_word)
      (table wanted except table present) union all (table present except table wanted)`),
  )
  return rows
}

describe("search by words", () => {
  const names = [
    ["Lakshmi Venkataraman", "lakshmi", "venkat"],
    ["श्यामा प्रसाद मुखर्जी", "श्यामा", "मुख"],
    ["தமிழ்ச்செல்வன் முருகன்", "தமிழ்", "முரு"],
    ["ಶಿವಕುಮಾರ ಗೌಡ", "ಶಿವ", "ಗೌಡ"],
    ["মৌসুমী ভট্টাচার্য", "মৌ", "ভট্টাচার্য"],
    ["محمد اقبال", "محمد", "اقب"],
    ["Mary-Ann D'Souza (Jr.)", "ann", "souza"],
  ] as const

  it.each(names)("finds %s by each beginning of a word", async (name, ...prefixes) => {
    await run("insert into patient (full_name) values ($1)", [name])
    for (const prefix of prefixes) expect(await find(prefix)).toEqual([name])
  })

  it("follows updates, upserts, deletes and changes of many rows at once", async () => {
    const { rows } = await run(
      "insert into patient (full_name, phone) values ('Old Name', '+91 98765-43210') returning id, clinic_id, branch_id",
    )
    const [{ id }] = rows
    expect(await find("#01234")).toEqual(["Old Name"])
    await run("update patient set full_name = 'New Name' where id = $1", [id])
    expect([await find("old"), await find("new")]).toEqual([[], ["New Name"]])
    const upsert = `insert into patient (id, full_name, phone) values ($1, 'Upsert Name', '12'), (gen_random_uuid(), 'Second Upsert', null)
      on conflict (clinic_id, branch_id, id) do update set full_name = excluded.full_name, phone = excluded.phone`
    await run(upsert, [id])
    expect([await find("new"), await find("upsert"), await find("#01234"), await find("#21")]).toEqual([
      [],
      ["Second Upsert", "Upsert Name"],
      [],
      ["Upsert Name"],
    ])
    await run("update patient set full_name = full_name || ' Kumari', phone = null")
    await run("update patient set hiv_status = 'unknown'")
    expect(await stale()).toEqual([])
    await run("delete from patient where id = $1", [id])
    expect(await find("upsert")).toEqual(["Second Upsert Kumari"])
    expect(await stale()).toEqual([])
  })

  it("is fenced like the table, and follows a backfill and TRUNCATE", async () => {
    const [, second] = clinic.branches
    const neighbour = await issue({
      role: "doctor",
      tenant: second.clinic,
      branches: [second.branch],
      purposes: ["care"],
    })
    expect(await find("lakshmi", neighbour)).toEqual([])
    await expect(
      run("insert into patient_word (word, patient_id) values ('x', gen_random_uuid())"),
    ).rejects.toMatchObject({ code: "42501" })
    await asMigrator(database.adminUrl, clinic, (client) =>
      backfill({ client, policy: clinic.policy, reason: "titles" }, (q) =>
        q.query("update patient set full_name = 'Shri ' || full_name"),
      ),
    )
    expect(await stale()).toEqual([])
    expect((await find("shri")).length).toBeGreaterThan(5)
  })

  it.each([
    ["one branch", (): Asked["branches"] => [clinic.branches[0].branch]],
    ["all branches", (): Asked["branches"] => "all"],
  ] as const)(
    "reads a range of one index inside the fence with a plan that serves every prefix, in %s",
    async (_, branches) => {
      await run(
        "insert into patient (full_name) select 'Many ' || n || ' Person' || n % 50 from generate_series(1, 3000) n",
      )
      await connected(database.adminUrl, (admin) => admin.query("analyze patient_word"))
      const grant = await issue({
        role: "doctor",
        tenant: doctor.tenant,
        branches: branches(),
        purposes: ["care"],
      })
      const { rows } = await inContext(app, grant, async () => {
        await app.query("set local enable_seqscan = off")
        await app.query("set local plan_cache_mode = force_generic_plan")
        await app.query(
          "prepare by_prefix(text) as select patient_id from patient_word where word >= $1 and word < wardkeep.prefix_end($1)",
        )
        return await app.query<{ "QUERY PLAN": string }>("explain (costs off) execute by_prefix('lak')")
      })
      await app.query("deallocate by_prefix")
      const text = rows.map((row) => row["QUERY PLAN"]).join("\n")
      expect(text).toMatch(/Index Cond:.*clinic_id = \(?(InitPlan|\$)/)
      expect(text).toMatch(/Index Cond:.*branch_id = ANY.*word >= \$1.*word < /)
      expect(text).not.toMatch(/SubPlan|Filter/)
    },
  )
})

describe("parallel plans", () => {
  it("stay possible: the verification runs once in the leader, and the workers show the same rows", async () => {
    const settings = [
      "parallel_setup_cost = 0",
      "parallel_tuple_cost = 0",
      "min_parallel_table_scan_size = 0",
      "enable_indexscan = off",
      "enable_bitmapscan = off",
      "enable_indexonlyscan = off",
    ]
    await inContext(app, doctor, async () => {
      const serial = await app.query("select count(*), sum(hashtext(full_name)) as h from patient")
      for (const setting of settings) await app.query(`set local ${setting}`)
      const { rows } = await app.query<{ "QUERY PLAN": string }>(
        "explain (analyze, costs off, timing off, summary off) select count(*), sum(hashtext(full_name)) as h from patient",
      )
      const text = rows.map((row) => row["QUERY PLAN"]).join("\n")
      expect(text).toMatch(/Workers Launched: [1-9]/)
      expect((await app.query("select count(*), sum(hashtext(full_name)) as h from patient")).rows).toEqual(serial.rows)
    })
  })
})

describe("tenants, branches and groups", () => {
  it("a tenant added in maintenance can be worked in at once, also before it has a branch", async () => {
    const added = await asMigrator(database.adminUrl, clinic, (client) =>
      addTenant({
        client,
        policy: clinic.policy,
        tenant: { name: "Third" },
        branches: [{ name: "one" }, { name: "two" }],
        reason: "contract",
      }),
    )
    expect(added.branches).toHaveLength(2)
    const grant = await issue({ role: "doctor", tenant: added.tenant, branches: "all", purposes: ["care"] })
    expect(grant.branches).toEqual([...added.branches].sort())
    expect((await run("select count(*)::int as n from branch", [], grant)).rows).toEqual([{ n: 2 }])
    const more = await asMigrator(database.adminUrl, clinic, (client) =>
      addTenant({
        client,
        policy: clinic.policy,
        tenant: { id: added.tenant },
        branches: [{ name: "three" }],
        reason: "contract",
      }),
    )
    expect(more.tenant).toBe(added.tenant)
    const empty = await asMigrator(database.adminUrl, clinic, (client) =>
      addTenant({ client, policy: clinic.policy, tenant: { name: "Empty" }, reason: "contract" }),
    )
    const { done } = await asMigrator(database.adminUrl, clinic, (client) =>
      backfill(
        { client, policy: clinic.policy, reason: "all" },
        async (q) => (await q.query("select id from clinic")).rows.length,
      ),
    )
    expect(done).toContainEqual({ tenant: empty.tenant, result: 1 })
  })

  it("a group's open sessions follow its members with the next statement", async () => {
    const [a, b] = clinic.branches
    const set = (branches: string[]) =>
      asMigrator(database.adminUrl, clinic, (client) =>
        setBranchGroup({ client, policy: clinic.policy, tenant: a.clinic, name: "south", branches }),
      )
    await set([a.branch])
    const grant = await issue({
      role: "doctor",
      tenant: a.clinic,
      branches: { group: "south" } as never,
      purposes: ["care"],
    })
    const branches = async () =>
      (await run("select distinct branch_id from patient order by 1", [], grant)).rows.map((row) => row.branch_id)
    expect(await branches()).toEqual([a.branch])
    await set([a.branch, b.branch])
    expect(await branches()).toEqual([a.branch, b.branch].sort())
    await set([b.branch])
    expect(await branches()).toEqual([b.branch])
    await expect(set([clinic.branches[2].branch])).rejects.toMatchObject({ code: "WK202" })
  })

  it("a branch that moves to another tenant takes nobody along", async () => {
    const two = await asMigrator(database.adminUrl, clinic, async (client) => {
      const add = (name: string) =>
        addTenant({
          client,
          policy: clinic.policy,
          tenant: { name },
          branches: [{ name: "x" }, { name: "y" }],
          reason: "test",
        })
      return [await add("from"), await add("to")] as const
    })
    const grant = await issue({ role: "doctor", tenant: two[0].tenant, branches: "all", purposes: ["care"] })
    const [moved = ""] = two[0].branches
    await connected(database.adminUrl, (admin) =>
      admin.query("update branch set clinic_id = $1 where id = $2", [two[1].tenant, moved]),
    )
    const held = await run("select wardkeep.branches() as b", [], grant)
    expect(held.rows[0].b).toEqual([two[0].branches[1]])
    const other = await issue({ role: "doctor", tenant: two[1].tenant, branches: "all", purposes: ["care"] })
    expect(other.branches).toContain(moved)
  })
})
