import { Client } from "pg"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type Login, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"
import { clinic, target } from "./clinic.js"
import { drill } from "./drill.js"

const db = useDatabase()
let app: Login

async function admin(sql: string): Promise<Record<string, unknown>[]> {
  return await withClient(db.adminUrl, async (client) => (await client.query(sql)).rows ?? [])
}

beforeEach(async () => {
  app = await db.cluster.login()
  await admin(clinic(app.user))
})
afterEach(async () => {
  await admin("drop schema public cascade; create schema public; grant usage on schema public to public")
  await admin(`drop owned by "${app.user}"`)
  await app.drop()
})

/** The drill with these of its checks, and reading as the only ordinary attack: it is run once per broken protection. */
async function run(...only: string[]): Promise<Report> {
  return await drill({ databaseUrl: db.adminUrl, appUrl: db.url(app), target, only: ["WKC020", ...only] })
}

/** Of this file's database: other files drill on the same server. */
const clones = async () =>
  await admin(
    `select datname from pg_database d where shobj_description(d.oid, 'pg_database') = 'wardkeep drill of ${db.databaseName}'`,
  )
const of = (report: Report, check: string) => report.findings.filter((finding) => finding.check === check)
const result = (report: Report, check: string) => report.checks.find((one) => one.check === check)

describe("the clone", () => {
  test("is dropped after a run, and the source is what it was", async () => {
    const before = await admin("select count(*), sum(hashtext(t::text)) from patient t")
    const report = await run("WKC090", "WKC303", "WKC304")
    expect(report).toMatchObject({ mode: "drill", verdict: "NOT_FOUND" })
    expect(of(report, "WKC090").map(({ object }) => object)).toEqual([`database ${db.databaseName}`])
    expect(await clones()).toEqual([])
    expect(await admin("select count(*), sum(hashtext(t::text)) from patient t")).toEqual(before)
  })

  test("is dropped after a run that failed", async () => {
    const wrong = { ...target, tenants: [{ name: "1", key: "1", connect: { role: "no_such_role" } }] }
    const failing = drill({ databaseUrl: db.adminUrl, appUrl: db.url(app), target: wrong })
    await expect(failing).rejects.toMatchObject({ code: "WK703" })
    expect(await clones()).toEqual([])
  })

  test("cannot be made of a database in use: inconclusive, with the reason", async () => {
    const report = await withClient(db.adminUrl, async () => await run("WKC303"))
    expect(report).toMatchObject({ verdict: "INCONCLUSIVE", probes: 0 })
    expect(result(report, "WKC300")?.reason).toContain("is in use")
  })

  test("cannot be made without CREATEDB: inconclusive, with what to grant", async () => {
    const report = await drill({ databaseUrl: db.url(app), appUrl: db.url(app), target })
    expect(report.verdict).toBe("INCONCLUSIVE")
    expect(result(report, "WKC300")?.reason).toContain("grant CREATEDB")
  })

  test("that an earlier run left behind is named", async () => {
    const left = `wardkeep_drill_left_${app.user}`.slice(0, 60)
    await admin(`create database "${left}"`)
    await admin(`comment on database "${left}" is 'wardkeep drill of ${db.databaseName}'`)
    try {
      expect((await run("WKC302")).notCovered.join(" ")).toContain(`drop database "${left}"`)
    } finally {
      await admin(`drop database "${left}"`)
    }
  })
})

describe("broken protections", () => {
  test("are counted as noticed, without effect or survived, and each is mended", async () => {
    const report = await run("WKC306")
    const { killRate } = report
    if (killRate === undefined) throw new Error("no kill rate")
    const survivors = killRate.survivors.join("\n")
    // Reading alone cannot see who may write what, who owns the table or what a plan remembers.
    expect(survivors).toContain("public.visit: policy own checks nothing on writing")
    expect(survivors).toContain("FORCE was taken away")
    expect(survivors).toContain("IMMUTABLE")
    expect(survivors).not.toContain("row security was disabled")
    expect(survivors).not.toContain("policy fence was dropped")
    // Behind a restrictive fence one more permissive policy shows nobody anything.
    expect(survivors).not.toContain("public.patient: a permissive policy")
    expect(killRate.withoutEffect).toBeGreaterThan(0)
    expect(killRate.mutations).toBe(killRate.killed + killRate.withoutEffect + killRate.survivors.length)
    expect(result(report, "WKC306")).toMatchObject({ verdict: "INCONCLUSIVE", controls: killRate.killed })
    expect(report.notCovered.join(" ")).not.toContain("could not be mended")
  }, 180_000)
})

describe("DROP OWNED by the application", () => {
  test("below the security floor it takes the login out of a restrictive policy, and its grants are kept", async () => {
    await admin(`drop policy fence on patient; drop policy staff on patient; create policy staff on patient using (true);
      create policy fence on patient as restrictive to "${app.user}" using (branch_id = (select app_branch()))`)
    const report = await run("WKC301")
    const floor =
      [180007, 170012, 160016, 150020, 140025].find(
        (version) => Math.floor(version / 10000) === Math.floor(db.serverVersionNum / 10000),
      ) ?? (db.serverVersionNum < 140000 ? 140000 : 0)
    const found = of(report, "WKC301").map(({ object, severity }) => [object, severity])
    expect(found).toEqual(db.serverVersionNum < floor ? [["public.patient", "leak"]] : [])
    expect(report.verdict).toBe(db.serverVersionNum < floor ? "LEAK" : "NOT_FOUND")
    const [kept] = await admin(`select has_table_privilege('${app.user}', 'patient', 'select') as kept`)
    expect(kept).toEqual({ kept: true })
  })

  test("a fence for PUBLIC cannot be left", async () => {
    expect(of(await run("WKC301"), "WKC301")).toEqual([])
  })
})

describe("replication slots", () => {
  test("an ordinary login makes none", async () => {
    expect(result(await run("WKC302"), "WKC302")).toMatchObject({ verdict: "NOT_FOUND", probes: 2, controls: 2 })
  })

  test("a login with REPLICATION makes one, and it is gone afterwards", async () => {
    await admin(`alter role "${app.user}" replication`)
    const report = await run("WKC302")
    expect(of(report, "WKC302").map(({ severity }) => severity)).toContain("leak")
    expect(await admin("select slot_name from pg_replication_slots")).toEqual([])
  })
})

describe("committed damage", () => {
  test("a foreign key without the branch lets one branch delete another's visits", async () => {
    await admin(`alter table visit drop constraint visit_branch_id_patient_id_fkey; alter table patient add unique (id, branch_id);
      delete from patient where branch_id = 2; alter table patient add constraint single unique (id);
      alter table visit add foreign key (patient_id) references patient (id) on delete cascade`)
    const [finding] = of(await run("WKC303"), "WKC303")
    expect(finding).toMatchObject({ object: "public.patient", severity: "leak" })
    expect(finding?.evidence).toContain("public.visit")
  })

  test("is tried in both directions, each on rows that nobody has destroyed before", async () => {
    await admin(`drop policy own on visit;
      create policy own on visit for all to public using (branch_id = (select app_branch()) or (select app_branch()) = 2)`)
    const report = await run("WKC303")
    const [finding] = of(report, "WKC303")
    expect(finding).toMatchObject({ object: "public.visit", severity: "leak" })
    expect(finding?.evidence).toContain("by tenant 2 the rows of tenant 1 differ")
    expect(await clones()).toEqual([])
  })

  test("is kept when no second clone can be made: somebody came to the database meanwhile", async () => {
    await admin(`grant truncate on visit to "${app.user}"`)
    const visitor = new Client({ connectionString: db.adminUrl })
    const report = await drill({
      databaseUrl: db.adminUrl,
      appUrl: db.url(app),
      target,
      only: ["WKC020", "WKC303"],
      // The first clone is there when its checks begin.
      onProgress: ({ check, object }) => {
        if (check === "WKC303" && object === "") void visitor.connect()
      },
    })
    await visitor.end()
    expect(of(report, "WKC303").map(({ object }) => object)).toEqual(["public.visit"])
    expect(report.verdict).toBe("LEAK")
    expect(report.probes).toBeGreaterThan(0)
  })

  test("TRUNCATE knows no branch", async () => {
    await admin(`grant truncate on visit to "${app.user}"`)
    expect(
      of(await run("WKC303"), "WKC303").map(({ object, evidence }) => [object, /after (\w+)/.exec(evidence)?.[1]]),
    ).toEqual([["public.visit", "truncate"]])
  })
})

test("a column whose policy was the only fence opens its table when it is dropped with CASCADE", async () => {
  const report = await run("WKC304")
  expect(of(report, "WKC304").map(({ object, severity }) => [object, severity])).toEqual([
    ["public.patient.branch_id", "hygiene"],
  ])
  expect(result(report, "WKC304")).toMatchObject({ probes: 2, controls: 2 })
})

describe("backup and restore", () => {
  /** Debian's pg_dump is of version 15. */
  const possible = (): boolean => db.serverVersionNum < 160000

  test("a restore brings every policy back, or says which program is missing", async () => {
    const checked = result(await run("WKC305"), "WKC305")
    if (possible()) expect(checked).toMatchObject({ verdict: "NOT_FOUND", probes: 2, controls: 2 })
    else
      expect(checked).toMatchObject({
        verdict: "INCONCLUSIVE",
        reason: expect.stringContaining("install pg_dump of version 18"),
      })
  })

  test("a restore where the policy's role is missing opens the table, and is said as a weakness", async () => {
    await admin(
      `drop policy fence on patient; create policy fence on patient as restrictive to "${app.user}" using (branch_id = (select app_branch()))`,
    )
    const found = of(await run("WKC305"), "WKC305").map(({ object, severity }) => [object, severity])
    expect(found).toEqual(possible() ? [["public.patient", "hygiene"]] : [])
  })
})
