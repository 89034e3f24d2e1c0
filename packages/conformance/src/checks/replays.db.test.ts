import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Client } from "pg"
import { beforeAll, describe, expect, test } from "vitest"
import { type Login, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { ReportFinding } from "../report/report.js"
import { verify } from "../verify.js"

const root = fileURLToPath(new URL(".", import.meta.url))
const sql = (file: string): string => readFileSync(`${root}${file}`, "utf8")
const db = useDatabase()
let app: Login

const run = async (text: string): Promise<void> =>
  await withClient(db.adminUrl, async (client) => void (await client.query(text.replaceAll(':"app"', `"${app.user}"`))))

async function found(code: string, object: string): Promise<ReportFinding> {
  const { findings, checks } = await verify({
    databaseUrl: db.adminUrl,
    appUrl: db.url(app),
    only: [code],
    target: {
      tenants: ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.branch": key } } })),
      tenantColumns: ["branch_id"],
      schemas: ["public"],
      global: ["public.drug", "public.branch"],
    },
  })
  const finding = findings.find((one) => one.object === object)
  if (finding === undefined) throw new Error(JSON.stringify({ findings, checks }))
  return finding
}

/** What a person sees who pastes the replay with the application's login: the rows of every statement. */
async function byHand(replay: string): Promise<string[]> {
  const client = new Client({ connectionString: db.url(app) })
  await client.connect()
  try {
    const results = [await client.query(replay)].flat()
    // The driver drops what COPY sends; its command tag counts it.
    return results.map(({ rows, command, rowCount }) =>
      command === "COPY" ? `COPY ${rowCount}` : JSON.stringify(rows),
    )
  } finally {
    await client.end()
  }
}

/** The answers of a statement that stands in the replay twice, before and after. */
const looks = (answers: readonly string[], column: string): string[] => answers.filter((rows) => rows.includes(column))

beforeAll(async () => {
  app = await db.cluster.login({ label: "app" })
  await run(sql("base.sql"))
})

describe("the replay shows by hand", () => {
  test("rows that another statement than SELECT returns", async () => {
    await run(sql("WKC021-read-by-other-statements/violate.sql"))
    const { replay } = await found("WKC021", "public.visit")
    expect(await byHand(replay)).toContain("COPY 6")
    await run(sql("WKC021-read-by-other-statements/fix.sql"))
    expect(await byHand(replay)).toContain("COPY 0")
  })

  test("rows that a trigger changed", async () => {
    await run(sql("WKC049-trigger-writes-other-tenant/violate.sql"))
    const { replay } = await found("WKC049", "public.wk_renumber")
    const [before, after] = looks(await byHand(replay), "hash")
    expect(before).toContain('"n":"6"')
    expect(after).not.toBe(before)
    await run(sql("WKC049-trigger-writes-other-tenant/fix.sql"))
    const [was, is] = looks(await byHand(replay), "hash")
    expect(is).toBe(was)
  })

  test("an answer that changes with the other tenant's words, and no word of anybody", async () => {
    await run(`create function is_known(mrn text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as
      $$ select exists (select from public.patient p where p.mrn = is_known.mrn) $$;
      alter table patient no force row level security;
      grant execute on function is_known to :"app"`)
    const { replay, severity } = await found("WKC041", "public.is_known")
    expect(severity).toBe("oracle")
    const theirs = await withClient(db.adminUrl, async (client) => {
      const { rows } = await client.query<{ mrn: string }>(
        "select mrn from patient where branch_id = 2 and mrn is not null",
      )
      return rows.map((row) => row.mrn)
    })
    for (const one of theirs) expect(replay).not.toContain(one)
    // The reader looks the value up, as the replay's first line says.
    const answer = async (mrn: string | undefined): Promise<string[]> =>
      looks(await byHand(replay.replaceAll(/:'value_\d'/g, `'${mrn}'`)), "answer")
    // Of what nobody has, and beside it of what the victim has.
    expect(await answer(theirs[0])).toEqual(['[{"answer":false}]', '[{"answer":true}]'])
    expect(await answer("of nobody")).toEqual(['[{"answer":false}]', '[{"answer":false}]'])
    await run("drop function is_known(text); alter table patient force row level security")
  })

  test("what a function answers to a word of somebody, and not the word", async () => {
    await run(`create function found(name text) returns text language sql stable security definer set search_path = pg_catalog, pg_temp as
      $$ select p.mrn || ' ' || p.name from public.patient p where p.name = found.name $$;
      alter table patient no force row level security;
      update patient set mrn = 'MRN-' || md5(id::text);
      grant execute on function found to :"app"`)
    const { replay, severity } = await found("WKC041", "public.found")
    expect(severity).toBe("leak")
    expect(replay).toMatch(/:'value_\d'/)
    const name = await withClient(db.adminUrl, async (client) => {
      const { rows } = await client.query<{ name: string }>("select name from patient where branch_id = 2 order by id")
      return rows.map((row) => row.name)
    })
    for (const one of name) expect(replay).not.toContain(one)
    expect((await byHand(replay.replace(/:'value_\d'/, `'${name[0]}'`))).join()).toContain(`MRN-`)
    await run("drop function found(text); alter table patient force row level security")
  })

  test("what a session passes on, and a context that leaves a setting as it was", async () => {
    // Before 15 there is no right to a parameter: a login leaves no default for later sessions.
    const hasRights = db.serverVersionNum >= 150_000
    await run(sql("WKC048-left-in-the-session/violate.sql"))
    if (hasRights) await run('grant set on parameter app.branch to :"app"')
    const kept = await found("WKC048", `sessions of ${app.user}`)
    for (const kind of [
      "a temporary table",
      "a prepared statement",
      "a cursor with rows",
      "an advisory lock",
      "a LISTEN",
      "a context set for the session",
    ]) {
      expect(kept.evidence).toContain(kind)
    }
    expect(kept.evidence?.includes("a default for every later session")).toBe(hasRights)
    const met = (await byHand(kept.replay)).filter((rows) => rows.includes('"?column?":1') || rows.includes("text"))
    expect(met.length).toBeGreaterThanOrEqual(6)
    const { replay, severity } = await found("WKC048", "public.visit")
    expect(severity).toBe("hygiene")
    expect((await byHand(replay)).join()).toContain('"count":"6"')
    await run(sql("WKC048-left-in-the-session/fix.sql"))
    if (hasRights) await run('revoke set on parameter app.branch from :"app"')
    expect((await byHand(replay)).join()).toContain('"count":"0"')
  })

  test("what EXPLAIN tells, in numbers and without the value", async () => {
    await run(sql("WKC095-explain-and-timing/violate.sql"))
    // Without an index that is led by the tenant every row is read and filtered.
    await run("alter table visit drop constraint visit_branch_id_id_key")
    const { replay, evidence, severity } = await found("WKC095", "public.visit")
    expect(severity).toBe("hygiene")
    expect(evidence).toMatch(/estimated \d+ rows .* and 1 for .*; 406 rows were counted.*took \d+\.\d\d times/)
    expect(`${replay} ${evidence}`).not.toContain("rare")
    const told = async (word: string) => (await byHand(replay.replaceAll(":'value'", `'${word}'`))).join()
    expect(await told("a rare diagnosis")).toContain("Rows Removed by Filter: 406")
    expect((await told("nobody has this")).split("Filter")[0]).toContain("rows=1 ")
    expect((await told("a rare diagnosis")).split("Filter")[0]).not.toContain("rows=1 ")
    await run(sql("WKC095-explain-and-timing/fix.sql"))
  })

  test("a connection for replication, made and gone", async () => {
    await run(`alter role :"app" replication`)
    const { evidence } = await found("WKC003", app.user)
    expect(evidence).toContain("was let in and made a slot")
    await withClient(db.adminUrl, async (client) => {
      const { rows } = await client.query("select from pg_replication_slots where slot_name = 'wk_probe'")
      expect(rows).toEqual([])
    })
    await run(`alter role :"app" noreplication`)
  })
})
