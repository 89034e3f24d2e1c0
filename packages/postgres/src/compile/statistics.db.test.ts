import { beforeAll, expect, test } from "vitest"
import { type Clinic, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asOwner, plan } from "../migrate/index.js"

const db = useDatabase()
let clinic: Clinic

beforeAll(async () => {
  clinic = await installClinic(db.ownerUrl, { patients: 3000 })
})

test("the newest rows of a large branch come from an index, not from sorting the branch", async () => {
  // The general statistics a server gathers by itself after a while.
  await connected(db.adminUrl, (admin) => admin.query("analyze"))
  const [{ clinic: tenant, branch }] = clinic.branches
  const [grant] = await issueBySql(db.ownerUrl, clinic, [
    { role: "reception", tenant, branches: [branch], purposes: ["care"] },
  ])
  if (grant === undefined) throw new Error("no grant")
  const lines = await connected(withLogin(db.url(clinic.logins.app), clinic.logins.app), (client) =>
    inContext(client, grant, async () => {
      const { rows } = await client.query<{ "QUERY PLAN": string }>(
        "explain select id, full_name from public.patient order by created_at desc limit 50",
      )
      return rows.map((row) => row["QUERY PLAN"])
    }),
  )
  expect(lines.join("\n")).not.toContain("Sort")
  expect(lines.join("\n")).toContain("patient_clinic_id_created_at_idx")
})

test("every table with branches has the statistics, and no other has", async () => {
  const { rows } = await connected(db.adminUrl, (admin) =>
    admin.query<{ on: string }>(
      `select stxrelid::regclass::text as on from pg_statistic_ext where stxname like 'wk\\_scope\\_%' order by 1`,
    ),
  )
  expect(rows.map((row) => row.on)).toEqual(["note", "patient", "patient_word", "visit"])
})

test("a copy of a table, which copies statistics with their comments, is nobody's but the host's", async () => {
  await connected(db.adminUrl, (admin) =>
    admin.query("create schema copies; create table copies.patient (like public.patient including all)"),
  )
  const steps = await connected(withLogin(db.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, async () => (await plan({ client, policy: clinic.policy })).steps),
  )
  expect(steps).toEqual([])
})
