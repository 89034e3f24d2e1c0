import { roleNames } from "@wardkeep/core"
import { beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic } from "#tests/fixture/clinic.ts"
import { asTableOwner } from "#tests/fixture/migrator.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { apply, databaseFindings, drift, install, plan, secureDatabase } from "../migrate/index.js"

const database = useDatabase()
let clinic: Clinic

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
})

const asAdmin = (sql: string) => connected(database.adminUrl, (admin) => admin.query(sql))
const found = () => asTableOwner(database.adminUrl, clinic, (client) => drift({ client, policy: clinic.policy }))
const applied = () => asTableOwner(database.adminUrl, clinic, (client) => apply({ client, policy: clinic.policy }))
const planned = () => asTableOwner(database.adminUrl, clinic, (client) => plan({ client, policy: clinic.policy }))

function role(name: string): string {
  return roleNames(clinic.policy).role(name)
}

/** What is done behind our back, as the superuser; the fact that drift must name. */
const repairable: readonly [what: string, sql: () => string, fact: () => string][] = [
  ["a dropped fence", () => "drop policy wk_fence on patient", () => "policy public.patient wk_fence"],
  [
    "a changed qual that keeps its comment",
    () => "alter policy wk_fence on visit using (true)",
    () => "policy public.visit wk_fence",
  ],
  [
    "a fence for fewer roles",
    () => `alter policy wk_fence on visit to ${role("doctor")}`,
    () => "policy public.visit wk_fence",
  ],
  [
    "a permission for more roles",
    () => "alter policy wk_delete on note to public",
    () => "policy public.note wk_delete",
  ],
  [
    "a wider table grant",
    () => `grant select on staff to ${role("reception")}`,
    () => `acl public.staff ${role("reception")}`,
  ],
  [
    "a wider column grant",
    () => `grant select (hiv_status) on patient to ${role("reception")}`,
    () => `acl public.patient.hiv_status ${role("reception")}`,
  ],
  [
    "TRUNCATE for a role",
    () => `grant truncate on visit to ${role("doctor")}`,
    () => `acl public.visit ${role("doctor")}`,
  ],
  [
    "a table grant beside grants on columns",
    () => `grant select, update on patient to ${role("reception")}`,
    () => `acl public.patient ${role("reception")}`,
  ],
  ["a grant to PUBLIC", () => "grant select on drug to public", () => "acl public.drug public"],
  [
    "a wider grant on the words",
    () => `grant delete on patient_word to ${role("reception")}`,
    () => `acl public.patient_word ${role("reception")}`,
  ],
  [
    "a grant on a look-up",
    () => `grant select on wardkeep_lookup.staff_by_email_row to ${role("doctor")}`,
    () => `acl wardkeep_lookup.staff_by_email_row ${role("doctor")}`,
  ],
  [
    "a wider view",
    () =>
      `create or replace view ${role("reception")}.patient as select clinic_id, branch_id, id, full_name, phone, hiv_status, created_at from public.patient`,
    () => `view ${role("reception")}.patient`,
  ],
  ["no RLS", () => "alter table patient disable row level security", () => "table public.patient"],
  ["no FORCE", () => "alter table patient_word no force row level security", () => "table public.patient_word"],
  [
    "a function of the fence that answers something else",
    () =>
      "create or replace function wardkeep.branches(planned text) returns text[] language sql stable as 'select array_agg(branch) from wardkeep.known_branch'",
    () => "function wardkeep.branches(planned text)",
  ],
  [
    "EXECUTE of minting",
    () => `grant execute on function wardkeep.open_backfill(text, text) to ${role("doctor")}`,
    () => "function wardkeep.open_backfill(in_tenant text, reason text)",
  ],
  [
    "a dropped function of ours",
    () => "drop function wardkeep.open_backfill(text, text)",
    () => "function wardkeep.open_backfill(in_tenant text, reason text)",
  ],
  [
    "a dropped function that roles call",
    () => "drop function wardkeep.request_id()",
    () => "function wardkeep.request_id()",
  ],
  [
    "a lost ALWAYS flag",
    () => "alter table branch enable trigger wk_mirror_branch",
    () => "trigger public.branch wk_mirror_branch",
  ],
  [
    "a disabled trigger",
    () => "alter table patient disable trigger wk_words_insert",
    () => "trigger public.patient wk_words_insert",
  ],
  [
    "a changed default",
    () => `alter table patient alter column branch_id set default '00000000-0000-0000-0000-000000000000'`,
    () => "default public.patient.branch_id",
  ],
  [
    "a changed trigger function",
    () => "create or replace function wk_patient_words() returns trigger language plpgsql as 'begin return null; end'",
    () => "function public.wk_patient_words()",
  ],
  ["no RLS on tokens", () => "alter table wardkeep.token disable row level security", () => "table wardkeep.token"],
  [
    "a dropped check of FORCE",
    () => "drop trigger activity_force on wardkeep.activity",
    () => "trigger wardkeep.activity activity_force",
  ],
  [
    "a record that may be changed",
    () => "drop trigger activity_history on wardkeep.activity",
    () => "trigger wardkeep.activity activity_history",
  ],
  [
    "assignments that may be changed",
    () => "alter table wardkeep.assignment disable trigger assignment_history",
    () => "trigger wardkeep.assignment assignment_history",
  ],
]

describe("drift", () => {
  it.each(repairable)("names %s; apply repairs it once", async (_what, sql, fact) => {
    const before = await digest()
    await asAdmin(sql())
    expect((await found()).map((finding) => finding.object)).toContain(fact())
    expect((await applied()).applied).toBeGreaterThan(0)
    expect(await found()).toEqual([])
    expect((await applied()).applied).toBe(0)
    expect(await digest()).toBe(before)
  })

  it("names exempt roles and memberships for as long as they are there, and install ends memberships", async () => {
    const { app, owner } = roleNames(clinic.policy)
    const stranger = await database.cluster.login({ label: "stranger" })
    await asAdmin(
      `alter role ${role("doctor")} bypassrls; grant ${owner} to ${stranger.user}; grant pg_read_all_data to ${app}`,
    )
    const expected = [
      `role ${role("doctor")}: ${role("doctor")} has BYPASSRLS`,
      `role ${owner}: ${stranger.user} may act as ${owner}`,
      `role ${app}: ${app} is a member of pg_read_all_data`,
    ].sort()
    const text = async () => (await found()).map((finding) => `${finding.object}: ${finding.message}`).sort()
    expect(await text()).toEqual(expected)
    await applied()
    expect(await text()).toEqual(expected)
    await expect(
      connected(database.adminUrl, (admin) => install({ admin, policy: clinic.policy })),
    ).rejects.toMatchObject({
      code: "WK003",
    })
    await asAdmin(`alter role ${role("doctor")} nobypassrls`)
    await connected(database.adminUrl, (admin) => install({ admin, policy: clinic.policy }))
    expect(await found()).toEqual([])
    await stranger.drop()
  })

  it("names a policy of somebody else's, and the plan refuses to go on beside it", async () => {
    await asAdmin("create policy wide on patient for select to public using (true)")
    expect((await found()).map((finding) => finding.object)).toEqual(["policy public.patient wide"])
    await expect(planned()).rejects.toMatchObject({
      code: "WK303",
      message: expect.stringContaining("public.patient wide"),
    })
    await asAdmin("drop policy wide on patient")
    expect(await found()).toEqual([])
  })

  it("names grants of the host to roles of its own, on tables, words, columns and views; apply takes them away", async () => {
    const analyst = await database.cluster.login({ label: "analyst" })
    const view = `${role("reception")}.patient`
    await asAdmin(`grant select on visit, patient_word, ${view} to ${analyst.user};
      grant update (phone) on patient to ${analyst.user}`)
    const facts = ["public.patient.phone", "public.patient_word", "public.visit", view].map(
      (object) => `acl ${object} ${analyst.user}`,
    )
    expect((await found()).map((finding) => finding.object)).toEqual(facts)
    expect((await planned()).findings.filter((f) => f.check === "host-role-loses-access")).toMatchObject([
      { object: "public.patient", message: `${analyst.user}: apply takes update ("phone") on public.patient away` },
      { object: "public.patient_word", message: expect.stringContaining("takes select") },
      { object: "public.visit", message: expect.stringContaining(analyst.user) },
    ])
    await applied()
    expect(await found()).toEqual([])
    expect((await applied()).applied).toBe(0)
    // Nothing depends on the role any more.
    await analyst.drop()
  })

  it("leaves grants on tables without a fence, and says so", async () => {
    const analyst = await database.cluster.login({ label: "analyst" })
    await asAdmin(`grant select on drug to ${analyst.user}`)
    expect((await applied()).findings.filter((f) => f.check === "grant-to-another-role")).toMatchObject([
      { object: "public.drug", message: expect.stringContaining(analyst.user) },
    ])
    await asAdmin(`revoke select on drug from ${analyst.user}`)
    await applied()
    await analyst.drop()
  })

  it("names logins that read every table without a grant, and not those that no fence stops", async () => {
    const reader = await database.cluster.login({ label: "reader" })
    const exempt = await database.cluster.login({ label: "exempt" })
    // Never committed: other test files share the roles of this server.
    const silent = await connected(database.adminUrl, async (client) => {
      await client.query(`begin; alter role ${exempt.user} bypassrls;
        grant pg_read_all_data to ${reader.user}, ${exempt.user}; set local role ${roleNames(clinic.policy).owner}`)
      return (await plan({ client, policy: clinic.policy })).findings.filter((f) => f.check === "silent-reader")
    })
    expect(silent.map((finding) => finding.object)).toEqual([`role ${reader.user}`])
    await reader.drop()
    await exempt.drop()
  })
})

describe("a clone of the database", () => {
  it("has TEMP again, which is found, and which secureDatabase takes away", async () => {
    const name = `${database.databaseName}_clone`
    await connected(database.cluster.admin, (admin) =>
      admin.query(
        `create database ${name} template ${database.databaseName} owner ${new URL(database.ownerUrl).username}`,
      ),
    )
    try {
      const to = (url: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).href
      const clone = <T>(work: Parameters<typeof connected<T>>[1]) => connected(to(database.ownerUrl), work)
      const findings = await clone((admin) => databaseFindings(admin, clinic.policy))
      expect(findings.map((finding) => finding.message)).toEqual([
        `${roleNames(clinic.policy).app} still has TEMP on database ${name}`,
      ])
      const inClone = await asTableOwner(to(database.adminUrl), clinic, (client) =>
        drift({ client, policy: clinic.policy }),
      )
      expect(inClone.map((finding) => finding.check)).toEqual(["database-privilege"])
      await clone((admin) => secureDatabase(admin, clinic.policy))
      expect(await clone((admin) => databaseFindings(admin, clinic.policy))).toEqual([])
    } finally {
      await connected(database.cluster.admin, (admin) => admin.query(`drop database ${name} with (force)`))
    }
  })

  it("names settings that a login gave itself, and that change what everybody who connects as it is answered", async () => {
    const { app } = clinic.logins
    const name = database.databaseName
    await connected(database.url(app), async (client) => {
      await client.query(`alter role ${app.user} set cpu_operator_cost = 0`)
      await client.query(`alter role ${app.user} in database ${name} set default_transaction_read_only = on`)
      await client.query(`alter role ${app.user} set work_mem = '8MB'`)
      await client.query(`alter role ${app.user} set timezone = 'Asia/Kolkata'`)
    })
    const named = (findings: readonly { check: string; severity: string; fix?: string }[]) =>
      findings.filter(({ check, severity }) => check === "role-setting" && severity === "leak").map(({ fix }) => fix)
    const fixes = [
      `As an administrator: alter role "${app.user}" reset cpu_operator_cost`,
      `As an administrator: alter role "${app.user}" in database "${name}" reset default_transaction_read_only`,
    ]
    expect(named(await found())).toEqual(expect.arrayContaining(fixes))
    const planning = (await planned()).findings
    expect(named(planning)).toHaveLength(2)
    const others = planning.filter(({ check, severity }) => check === "role-setting" && severity === "hygiene")
    expect(others.map(({ message }) => message)).toEqual([`sessions of ${app.user} begin with another TimeZone`])
    await asAdmin(fixes.map((fix) => fix.replace("As an administrator: ", "")).join(";"))
    await asAdmin(`alter role ${app.user} reset work_mem; alter role ${app.user} reset timezone`)
    expect(await found()).toEqual([])
  })

  it("names TEMP and CREATE of a role that the application may take, and takes them away", async () => {
    const { app, role } = roleNames(clinic.policy)
    await asAdmin(`grant temporary on database ${database.databaseName} to ${role("doctor")};
      grant create on schema public to ${role("doctor")}, ${app}`)
    const findings = () => connected(database.ownerUrl, (admin) => databaseFindings(admin, clinic.policy))
    const given = (await findings()).map((finding) => finding.message).filter((message) => message.includes("given"))
    expect(given).toEqual([
      `${app} was given CREATE on schema public`,
      `${role("doctor")} was given CREATE on schema public`,
      `${role("doctor")} was given TEMPORARY on database ${database.databaseName}`,
    ])
    await asAdmin(`revoke create on schema public from ${role("doctor")}, ${app}`)
    await connected(database.ownerUrl, (admin) => secureDatabase(admin, clinic.policy))
    expect(await findings()).toEqual([])
  })

  it("whose owner somebody else is keeps TEMP with a warning only, and that is WK306", async () => {
    const stranger = await database.cluster.limitedAdmin()
    const name = database.databaseName
    await asAdmin(
      `grant connect on database ${name} to ${stranger.user}; grant temporary on database ${name} to public`,
    )
    await connected(database.url(stranger), async (admin) => {
      await expect(secureDatabase(admin, clinic.policy)).rejects.toMatchObject({
        code: "WK306",
        hint: expect.stringContaining("revoke temporary on database"),
      })
    })
    await connected(database.ownerUrl, (admin) => secureDatabase(admin, clinic.policy))
    expect(await found()).toEqual([])
    await stranger.drop().catch(() => undefined)
  })
})

/** Policies, grants, triggers, functions and views of the whole database, as one number. */
async function digest(): Promise<string> {
  const { rows } = await asAdmin(`select md5(string_agg(t, '|' order by t)) as d from (
    select p.polname || p.polrelid::regclass || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || p.polroles::text as t from pg_policy p
    union all select oid::regclass || coalesce((select string_agg(a::text, ',' order by a::text) from unnest(relacl) a where a::text not like '%owner=%'), '') || relrowsecurity || relforcerowsecurity from pg_class
      where relnamespace in ('public'::regnamespace, 'wardkeep'::regnamespace, 'wardkeep_lookup'::regnamespace) and relkind in ('r', 'v')
    union all select attrelid::regclass || attname || attacl::text from pg_attribute where attacl is not null and attrelid > 16384
    union all select pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal
    union all select pg_get_functiondef(oid) || coalesce((select string_agg(a::text, ',' order by a::text) from unnest(proacl) a where a::text not like '%owner=%'), '') from pg_proc
      where pronamespace in ('public'::regnamespace, 'wardkeep'::regnamespace, 'wardkeep_lookup'::regnamespace)
    union all select pg_get_viewdef(oid) from pg_class where relkind = 'v' and oid > 16384
    union all select pg_get_expr(adbin, adrelid) from pg_attrdef) x`)
  return String(rows[0]?.d)
}
