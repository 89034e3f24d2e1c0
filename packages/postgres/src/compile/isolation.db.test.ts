import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Clinic, canary, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asOwner, drift, plan } from "../migrate/index.js"

const database = useDatabase()
let clinic: Clinic
let app: pg.Client
let doctor: Grant
let reception: Grant

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
  app = new pg.Client({ connectionString: database.url(clinic.logins.app), options: '-c search_path="$user",public' })
  await app.connect()
  ;({ doctor, reception } = await grantsOf(clinic))
})

afterAll(async () => {
  await app.end()
})

async function grantsOf(of: Clinic): Promise<{ doctor: Grant; reception: Grant }> {
  const [first] = of.branches
  const grants = await issueBySql(database.adminUrl, of, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
    { role: "reception", tenant: first.clinic, branches: [first.branch] },
  ])
  const role = (name: string): Grant => grants.find((grant) => grant.role === name)!
  return { doctor: role("doctor"), reception: role("reception") }
}

describe("the fence", () => {
  it("shows a branch its own rows and nothing else", async () => {
    for (const table of ["patient", "visit", "note", "patient_word"]) {
      const { rows } = await inContext(app, doctor, () =>
        app.query<{ n: number; text: string }>(
          `select count(*)::int as n, string_agg(t::text, ' ') as text from ${table} t`,
        ),
      )
      expect(rows[0]?.n, table).toBeGreaterThan(0)
      expect(rows[0]?.text).not.toContain(canary(1))
      expect(rows[0]?.text).not.toContain(canary(2))
    }
  })

  it("raises WK101 without a context, for the application and for the owner", async () => {
    await expect(app.query("select * from patient")).rejects.toMatchObject({ code: "42501" })
    await expect(
      inContext(app, { ...doctor, token: "", tenant: "" }, () => app.query("select * from patient")),
    ).rejects.toMatchObject({ code: "WK101" })
    await connected(withLogin(database.adminUrl, clinic.logins.migrator), (migrator) =>
      asOwner(migrator, clinic.policy, async () => {
        await expect(migrator.query("select * from public.patient")).rejects.toMatchObject({ code: "42501" })
        await migrator.query("set row_security = on")
        for (const statement of [
          "select * from public.patient",
          "update public.patient set phone = null",
          "delete from public.visit",
        ]) {
          await expect(migrator.query(statement)).rejects.toMatchObject({ code: "WK101" })
        }
      }),
    )
  })

  it("keeps select * and returning * working for a role with hidden columns", async () => {
    const { rows } = await inContext(app, reception, () =>
      app.query<{ hiv_status: string | null; full_name: string }>("select * from patient"),
    )
    expect(rows).toHaveLength(clinic.patientsPerBranch)
    expect(rows.every((row) => row.hiv_status === null && row.full_name.includes(canary(0)))).toBe(true)
    const inserted = await inContext(app, reception, () =>
      app.query("insert into patient (full_name, phone) values ('Meera Nair', '+919812345678') returning *"),
    )
    expect(inserted.rows[0]).toMatchObject({
      clinic_id: clinic.branches[0].clinic,
      branch_id: clinic.branches[0].branch,
      hiv_status: null,
    })
    const found = await inContext(app, reception, () =>
      app.query(
        "select p.full_name from patient p join patient_word w on w.patient_id = p.id where w.word >= $1 and w.word < wardkeep.prefix_end($1)",
        ["#87654"],
      ),
    )
    expect(found.rows).toEqual([{ full_name: "Meera Nair" }])
    await expect(
      inContext(app, reception, () => app.query("select hiv_status from public.patient")),
    ).rejects.toMatchObject({ code: "42501" })
  })
})

describe("the plan", () => {
  it("is empty after an apply, and so is the drift", async () => {
    await connected(withLogin(database.adminUrl, clinic.logins.migrator), (migrator) =>
      asOwner(migrator, clinic.policy, async () => {
        expect((await plan({ client: migrator, policy: clinic.policy })).steps).toEqual([])
        expect(await drift({ client: migrator, policy: clinic.policy })).toEqual([])
      }),
    )
  })
})
