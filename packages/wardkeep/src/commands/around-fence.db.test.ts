import { beforeAll, expect, it } from "vitest"
import { type Clinic, connected, installClinic } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { aroundFenceFindings } from "./around-fence.js"
import { doctor } from "./doctor.js"

const database = useDatabase({ owner: "superuser" })
let clinic: Clinic

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
})

/** What is found while `sql` holds; rolled back, so that no other test's server has these roles. */
async function found(sql: string): Promise<{ object: string; message: string; fix: string | undefined }[]> {
  return await connected(database.adminUrl, async (admin) => {
    await admin.query("begin")
    await admin.query(sql)
    const findings = await aroundFenceFindings(admin, clinic.policy)
    await admin.query("rollback")
    return findings
      .filter(({ object }) => !object.startsWith("role ") || object.startsWith("role beside_"))
      .map(({ object, message, fix }) => ({ object, message, fix }))
  })
}

it("names logins that copy the server or reach its files, through groups too", async () => {
  const findings = await found(`
    create role beside_copies login replication;
    create role beside_group nologin replication; create role beside_member login noinherit in role beside_group;
    create role beside_files login in role pg_read_server_files, pg_write_server_files;
    create role beside_program login in role pg_execute_server_program;
    create role beside_nobody login; create role beside_exempt login replication bypassrls`)
  expect(findings.map(({ object }) => object)).toEqual([
    "role beside_copies",
    "role beside_files",
    "role beside_member",
    "role beside_program",
  ])
  expect(findings[0]).toMatchObject({ fix: expect.stringContaining(`alter role "beside_copies" noreplication`) })
  expect(findings[1]?.message).toContain("through pg_read_server_files, pg_write_server_files:")
})

it("names publications of fenced tables, by table, schema or all, and no others", async () => {
  const findings = await found(`
    create publication of_everything for all tables; create publication of_patients for table patient, drug;
    create publication of_schema for tables in schema public; create publication of_drugs for table drug;
    create publication of_nothing`)
  expect(findings.map(({ object }) => object)).toEqual([
    "publication of_everything",
    "publication of_patients",
    "publication of_schema",
  ])
  expect(findings[1]?.message).toContain("of every branch of public.patient to")
  expect(findings[2]?.message).toContain("public.visit")
})

it("is part of what doctor says", async () => {
  await connected(database.adminUrl, (admin) => admin.query("create publication of_visits for table visit"))
  const { migrator } = clinic.logins
  const { findings } = await doctor({
    policy: clinic.policy,
    connection: { env: { WARDKEEP_MIGRATOR_URL: database.url(migrator) } },
  })
  expect(findings).toContainEqual(
    expect.objectContaining({ check: "published-rows", object: "publication of_visits", severity: "not-covered" }),
  )
})
