import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, test } from "vitest"
import { type Login, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { VerifyOptions } from "./options.js"
import { draftTarget } from "./target/draft.js"
import type { TargetInput } from "./target/schema.js"
import { verify } from "./verify.js"

const base = readFileSync(fileURLToPath(new URL("checks/base.sql", import.meta.url)), "utf8")
const db = useDatabase()
let app: Login

const target: TargetInput = {
  tenants: ["1", "2"].map((key) => ({ name: `branch ${key}`, key, connect: { settings: { "app.branch": key } } })),
  tenantColumns: ["branch_id"],
  schemas: ["public"],
  global: ["public.drug", "public.branch"],
}
const options = (change: Partial<VerifyOptions> = {}): VerifyOptions => ({
  databaseUrl: db.adminUrl,
  appUrl: db.url(app),
  target,
  ...change,
})
const execute = async (text: string): Promise<void> =>
  await withClient(db.adminUrl, async (client) => void (await client.query(text.replaceAll(':"app"', `"${app.user}"`))))

/** Rows, definitions, privileges and large objects; sequences are left out, they move. Of the server's roles only those
 * this database depends on, and the login: other tests make and drop theirs meanwhile. */
async function digest(): Promise<string> {
  return await withClient(db.adminUrl, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      "select oid::regclass::text as name from pg_class where relkind in ('r', 'p', 'm') and relnamespace = 'public'::regnamespace order by 1",
    )
    const hash = createHash("sha256")
    for (const { name } of tables) {
      const { rows } = await client.query(`select md5(string_agg(t::text, '|' order by t::text)) from ${name} as t`)
      hash.update(JSON.stringify([name, rows]))
    }
    const { rows: catalog } = await client.query(
      `select (select count(*) from pg_class) as relations, (select count(*) from pg_proc) as functions, (select count(*) from pg_trigger) as triggers,
         (select string_agg(relacl::text, '|' order by oid) from pg_class) as acl, 
         (select string_agg(r::text, '|' order by oid) from pg_roles as r where rolname = $1 or oid in (
           select refobjid from pg_shdepend where refclassid = 'pg_authid'::regclass and dbid = (select oid from pg_database where datname = current_database()))) as roles,
         (select string_agg(m::text, '|' order by m.roleid) from pg_auth_members as m where m.member = $1::regrole) as memberships,
         (select string_agg(polname || polrelid, '|' order by oid) from pg_policy) as policies, (select count(*) from pg_largeobject_metadata) as objects`,
      [app.user],
    )
    return hash.update(JSON.stringify(catalog)).digest("hex")
  })
}

beforeAll(async () => {
  app = await db.cluster.login({ label: "app" })
  await execute(base)
})

describe("a system whose policies hold", () => {
  test("is not found leaking, with probes and positive controls, and is left as it was", {
    timeout: 120_000,
  }, async () => {
    const before = await digest()
    const report = await verify(options())
    expect(report.findings.filter(({ severity }) => severity !== "hygiene")).toEqual([])
    expect(report.verdict).toBe("NOT_FOUND")
    expect(report.probes).toBeGreaterThan(100)
    expect(report.checks.reduce((sum, { controls }) => sum + controls, 0)).toBeGreaterThan(100)
    expect(await digest()).toBe(before)
  })

  test("is attacked in catalog mode with reading alone", async () => {
    const report = await verify(options({ mode: "catalog" }))
    expect(report.verdict).toBe("NOT_FOUND")
    expect(report.notCovered.join()).toContain("Nothing was tried")
  })

  test("is not judged by what the administrator may do where the application's login is not named", async () => {
    await execute("create table inner_notes (branch_id int, words text)")
    try {
      const unnamed = await verify(options({ mode: "catalog", appUrl: undefined }))
      expect(unnamed.findings.filter(({ check }) => /WKC0(04|10|12|90)/.test(check))).toEqual([])
      expect(unnamed.verdict).toBe("INCONCLUSIVE")
      expect(unnamed.checks.find(({ check }) => check === "WKC010")?.reason).toContain("name its login, with --app-url")
      const url = new URL(db.url(app))
      url.username = "nobody_of_that_name"
      const unknown = await verify(options({ mode: "catalog", appUrl: url.href, only: ["WKC010"] }))
      expect(unknown.notCovered.join()).toContain("the server has no role nobody_of_that_name")
    } finally {
      await execute("drop table inner_notes")
    }
  })
})

describe("a leak", () => {
  test("has a replay that shows it with the application's login", { timeout: 120_000 }, async () => {
    await execute("create policy legacy on visit for select using (true)")
    try {
      const report = await verify(options({ only: ["WKC020"] }))
      expect(report.verdict).toBe("LEAK")
      const { replay, object } = report.findings[0] ?? { replay: "", object: "" }
      expect(object).toBe("public.visit")
      const counts = await withClient(db.url(app), async (client) => {
        const results: unknown = await client.query(replay)
        return JSON.stringify(Array.isArray(results) ? results.map(({ rows }) => rows) : results)
      })
      expect(counts).toMatch(/"count":"6"/)
    } finally {
      await execute("drop policy legacy on visit")
    }
  })
})

describe("what cannot be a pass", () => {
  test("one tenant only is inconclusive", async () => {
    const report = await verify(options({ target: { ...target, tenants: target.tenants?.slice(0, 1) } }))
    expect(report.verdict).toBe("INCONCLUSIVE")
    expect(report.notCovered.join()).toContain("fewer than two tenants")
  })

  test("a context that shows a tenant nothing of its own is inconclusive", async () => {
    const tenants = ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.wrong": key } } }))
    const report = await verify(options({ target: { ...target, tenants }, only: ["WKC020"] }))
    expect(report.verdict).toBe("INCONCLUSIVE")
    expect(report.notCovered.join()).toContain("not seen to reach any row of its own")
  })

  test("an exempt login leaks", async () => {
    const report = await verify(options({ appUrl: db.adminUrl, only: ["WKC001"] }))
    expect(report.verdict).toBe("LEAK")
  })

  test("a login that cannot connect is WK005, a broken target WK701, an unknown check WK702", async () => {
    const url = new URL(db.url(app))
    url.password = "wrong"
    await expect(verify(options({ appUrl: url.href }))).rejects.toMatchObject({ code: "WK005" })
    await expect(verify(options({ target: "{" }))).rejects.toMatchObject({ code: "WK701" })
    await expect(verify(options({ only: ["WKC999"] }))).rejects.toMatchObject({ code: "WK702" })
  })
})

test("keys of tenants are found out where the target does not say, and a first target can be drafted", async () => {
  const tenants = (target.tenants ?? []).map(({ name, connect }) => ({ name, connect }))
  const report = await verify(options({ target: { ...target, tenants }, only: ["WKC020"] }))
  expect(report.verdict).toBe("NOT_FOUND")
  const draft = await draftTarget({ databaseUrl: db.adminUrl })
  expect(draft.tenantColumns).toEqual(["branch_id"])
  expect(draft.tenants?.map(({ key }) => key)).toEqual(["1", "2"])
})

test("a draft leaves to a person whose rows a table holds, and says so until somebody decides", async () => {
  await execute(
    "create table word (w text); insert into word values ('secret of branch 2'); grant select on word to :\"app\"",
  )
  try {
    const { global = [], undecided } = await draftTarget({ databaseUrl: db.adminUrl })
    expect(global).toEqual([])
    expect(undecided).toEqual(["public.drug", "public.word"])
    const open = await verify(options({ target: { ...target, undecided: ["public.word"] }, only: ["WKC020"] }))
    expect(open.verdict).toBe("INCONCLUSIVE")
    expect(open.notCovered[0]).toContain("public.word; put each into global")
  } finally {
    await execute("drop table word")
  }
})

test("a draft goes on to the next table where one is not granted and a policy raises", async () => {
  const reader = await db.cluster.login({ label: "drafter" })
  await execute(`create function raises() returns boolean language plpgsql as $$begin raise 'no'; end$$;
    create table a_shut (branch_id int); create table a_raises (branch_id int); create table b_open (branch_id int);
    insert into a_raises values (1), (2); insert into b_open values (1), (2);
    alter table a_raises enable row level security; create policy p on a_raises using (raises());
    grant select on a_raises, b_open to "${reader.user}"`)
  try {
    const draft = await draftTarget({ databaseUrl: db.url(reader) })
    expect(draft.tenants?.map(({ key }) => key)).toEqual(["1", "2"])
  } finally {
    await execute("drop table a_shut, a_raises, b_open; drop function raises")
  }
})

test("every table without a tenant is named, and every relation outside the schemas that the application reads", async () => {
  const names = Array.from({ length: 14 }, (_, place) => `list_${place + 10}`)
  await execute(`create schema elsewhere; grant usage on schema elsewhere to :"app"; create table elsewhere.shown (n int);
    create table elsewhere.shut (n int); grant select on elsewhere.shown to :"app";
    ${names.map((name) => `create table ${name} (n int)`).join(";")}`)
  try {
    const said = (await verify(options({ only: ["WKC020"] }))).notCovered.join("\n")
    for (const name of names) expect(said).toContain(`public.${name}`)
    expect(said).toContain("not looked at: elsewhere.shown.")
  } finally {
    await execute(`drop schema elsewhere cascade; drop table ${names.join(", ")}`)
  }
})
