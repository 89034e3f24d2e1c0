import { type Finding, roleNames } from "@wardkeep/core"
import { beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic } from "#tests/fixture/clinic.ts"
import { asTableOwner } from "#tests/fixture/migrator.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { plan } from "../migrate/index.js"

const database = useDatabase()
let clinic: Clinic

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
  await asAdmin(`
    create view plain as select 1 as one;
    create view names as select id, full_name from patient;
    create view names_of_names as select full_name from names;
    create view asked with (security_invoker = true) as select id from patient;
    create materialized view busy as select branch_id, count(*) as n from patient group by branch_id with no data;
    create foreign data wrapper elsewhere;
    create server elsewhere foreign data wrapper elsewhere;
    create foreign table remote (id uuid) server elsewhere;
    create schema reports;
    create view reports.patients as select count(*) from public.names;
    create view reports.other as select 1 as one`)
})

const asAdmin = (sql: string) => connected(database.adminUrl, (admin) => admin.query(sql))

async function found(): Promise<Finding[]> {
  const { findings } = await asTableOwner(database.adminUrl, clinic, (client) =>
    plan({ client, policy: clinic.policy }),
  )
  return findings.filter(({ check }) => /view|foreign/.test(check))
}

const short = (findings: readonly Finding[]) => findings.map((f) => `${f.severity} ${f.check} ${f.object}`).sort()

const closed = [
  "not-covered foreign-table-not-covered public.remote",
  "not-covered materialized-view-not-covered public.busy",
  "not-covered view-not-covered public.asked",
  "not-covered view-not-covered public.names",
  "not-covered view-not-covered public.names_of_names",
  "not-covered view-not-covered public.plain",
  "not-covered view-not-covered reports.patients",
]

describe("views, materialized views and foreign tables", () => {
  it("are NOT COVERED, in schemas of the policy and wherever they read a covered table; ours are not named", async () => {
    expect(short(await found())).toEqual(closed)
  })

  it("are a leak as soon as the application may use them past the fence, and the fix ends it", async () => {
    const { app, role } = roleNames(clinic.policy)
    await asAdmin(`grant select on plain, asked, busy to public; grant select (full_name) on names_of_names to ${app};
      grant select on reports.patients to ${role("doctor")}; grant delete on remote to ${role("doctor")}`)
    const open = await found()
    expect(short(open)).toEqual([
      "leak foreign-table-open public.remote",
      "leak materialized-view-open public.busy",
      "leak view-open public.names_of_names",
      "leak view-open reports.patients",
      "not-covered view-not-covered public.asked",
      "not-covered view-not-covered public.names",
      "not-covered view-not-covered public.plain",
    ])
    const busy = open.find((finding) => finding.object === "public.busy")
    expect(busy?.message).toContain("PUBLIC, ")
    expect(busy?.fix).toContain(`revoke all on "public"."busy" from public`)
    await asAdmin(open.map(({ fix = "" }) => fix.split(", or: ")[0]).join(";"))
    expect(short(await found())).toEqual(closed)
  })

  it("are not a leak for a login that is none of ours, and no error with rest: 'error'", async () => {
    const analyst = await database.cluster.login({ label: "analyst" })
    await asAdmin(`grant select on names, busy to ${analyst.user}`)
    expect(short(await found())).toEqual(closed)
    const strict = { ...clinic.policy, rest: "error" as const }
    const { findings } = await asTableOwner(database.adminUrl, clinic, (client) => plan({ client, policy: strict }))
    expect(findings.map((finding) => finding.object)).toContain("public.names")
    await asAdmin(`drop owned by ${analyst.user}`)
    await analyst.drop()
  })
})
