import { parsePolicy } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { catalogDigest, document, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table patient (clinic_id uuid not null, branch_id uuid not null references branch, id int primary key, full_name text, phone text, hiv_status text);
create table staff (clinic_id uuid not null, id int primary key, email text)`

const tables = {
  patient: { scope: "branch", columns: { sensitive: ["hiv_status"] }, search: { words: ["full_name"] } },
  staff: { scope: "tenant" },
}
const roles = {
  doctor: { purposes: ["care"], can: { patient: "read" } },
  reception: { purposes: ["care"], can: { patient: { read: ["clinic_id", "branch_id", "id", "full_name"] } } },
}
const lookups = { staff_by_email: { table: "staff", by: "email", returns: ["id"] } }
const whole = { tables, roles, lookups }

/** What the host makes on top of what apply made, the policy file that takes that away, and the name of what is in the way. */
const cases: readonly [what: string, made: (role: string) => string, next: object, named: string, drop: string][] = [
  [
    "a view on a word table that leaves the policy file",
    () => "create view word_count as select count(*) from patient_word",
    { ...whole, tables: { ...tables, patient: { ...tables.patient, search: undefined } } },
    "view word_count depends on table patient_word",
    "drop view word_count",
  ],
  [
    "a view on the copy of a look-up",
    () => "create view copied as select * from wardkeep_lookup.staff_by_email_row",
    { tables, roles },
    "view copied depends on table wardkeep_lookup.staff_by_email_row",
    "drop view copied",
  ],
  [
    "a view that calls a look-up",
    () => "create view found as select * from wardkeep_lookup.staff_by_email('x')",
    { tables, roles },
    "view found depends on function wardkeep_lookup.staff_by_email(text)",
    "drop view found",
  ],
  [
    "a table in the schema of a role",
    (role) => `create table ${role}.notes (n int)`,
    { ...whole, roles: { doctor: roles.doctor } },
    "notes depends on schema",
    "drop table notes",
  ],
]

describe("what the host made on top of an object of ours", () => {
  it.each(cases)("is never dropped along: %s", async (_what, made, next, named, drop) => {
    await withFreshHost(database, schema, document(whole), async (host, { adminUrl }) => {
      await host.apply()
      const { deployment } = host.policy
      const changed = parsePolicy(document({ ...next, deployment }))
      const role = `wk_${deployment}_r_reception`
      await host.asOwner((client) => client.query(made(role)))
      const before = await catalogDigest(adminUrl)
      await expect(host.apply(changed)).rejects.toMatchObject({
        code: "WK303",
        message: expect.stringContaining(named),
        hint: expect.stringContaining("Drop what depends on it"),
      })
      expect(await catalogDigest(adminUrl)).toBe(before)
      await host.asOwner((client) => client.query(`set search_path = ${role}, public; ${drop}`))
      expect((await host.apply(changed)).applied).toBeGreaterThan(0)
      expect((await host.apply(changed)).applied).toBe(0)
    })
  })

  it("is never dropped along with a word table that is made again", async () => {
    await withFreshHost(database, schema, document(whole), async (host) => {
      await host.apply()
      await host.asOwner((client) => client.query("create view word_count as select count(*) from patient_word"))
      const patient = { ...tables.patient, search: { words: ["full_name"], lastDigits: ["phone"] } }
      const { deployment } = host.policy
      await expect(
        host.apply(parsePolicy(document({ ...whole, tables: { ...tables, patient }, deployment }))),
      ).rejects.toMatchObject({ code: "WK303", message: expect.stringContaining("word_count") })
    })
  })
})
