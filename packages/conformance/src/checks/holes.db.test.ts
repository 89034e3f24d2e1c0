import { describe, expect, test } from "vitest"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { CheckRecord } from "../run/check-record.js"
import { openScene } from "../run/scene.js"
import { parseTarget } from "../target/parse.js"
import { verify } from "../verify.js"
import type { Hole } from "./WKC100-published-holes-tried/hole.js"
import { holes, probe, tryHoles } from "./WKC100-published-holes-tried/probe.js"

const db = useDatabase()

/** The first releases with the fix, by major version, from each announcement; 13 ended before the ones of 2026. */
const never = 999
const of2026 = { 13: never, 14: 25, 15: 20, 16: 16, 17: 12, 18: 7 }
const fixed: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  "CVE-2026-14666": { 13: never, 14: 24, 15: 19, 16: 15, 17: 11, 18: 6 },
  "CVE-2024-10976": { 13: 17, 14: 14, 15: 9, 16: 5, 17: 1, 18: 0 },
  "CVE-2023-2455": { 13: 11, 14: 8, 15: 3, 16: 0, 17: 0, 18: 0 },
  "CVE-2026-120154": of2026,
  "CVE-2026-16237": of2026,
  "CVE-2023-39418": { 15: 4, 16: 0, 17: 0, 18: 0 },
  "CVE-2026-116311": of2026,
  "CVE-2025-8713": { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6, 18: 0 },
  "CVE-2024-4317": { 14: 12, 15: 7, 16: 3, 17: 0, 18: 0 },
}

const target = { tenants: [] }
const objects = (list: readonly { readonly object: string }[]): string[] => list.map(({ object }) => object).sort()

test("a hole is open on the releases before its fix, closed from there on, and nothing is left of the trial", async () => {
  expect(holes.map(({ cve }) => cve).sort()).toEqual(Object.keys(fixed).sort())
  const [major, minor] = [Math.trunc(db.serverVersionNum / 10_000), db.serverVersionNum % 10_000]
  const expected = Object.entries(fixed).flatMap(([cve, by]) => (minor < (by[major] ?? 0) ? [`server: ${cve}`] : []))
  const options = { databaseUrl: db.adminUrl, appUrl: db.adminUrl, only: ["WKC100"] }
  const { findings, checks } = await verify({ ...options, target })
  expect(objects(findings)).toEqual(expected.sort())
  expect(findings.every(({ severity }) => severity === "hygiene")).toBe(true)
  expect(checks[0]?.verdict).toBe("NOT_FOUND")
  const counted = await verify({ ...options, target: { ...target, countServerHoles: true } })
  expect(counted.findings.every(({ severity }) => severity === "leak")).toBe(true)
  const left =
    "select 1 from pg_roles where rolname like 'wk_hole%' union all select 1 from pg_namespace where nspname like 'wk_hole%'"
  expect(await ask(left)).toBe(0)
})

/** The stage with the behaviour planted that a server without the fix has. */
const plants: Readonly<Record<string, readonly [string | RegExp, string]>> = {
  "CVE-2026-14666": [/^grant select on (\S+) to (\S+)$/, "$&; create policy planted on $1 to $2 using (true)"],
  "CVE-2024-10976": ["using (false)", "using (true)"],
  "CVE-2023-2455": ["using (false)", "using (true)"],
  "CVE-2023-39418": ["with check (tenant = 1)", "with check (true)"],
  "CVE-2025-8713": [/^create function (\S+\.f).*$/, "$&; alter function $1 leakproof"],
  "CVE-2024-4317": [/^analyze (\S+)\.t$/, "$&; alter table $1.t owner to $1_1"],
}

describe.each(Object.entries(plants))("%s", (cve, [from, to]) => {
  test("is seen where its behaviour is planted", async () => {
    const hole = holes.find((one) => one.cve === cve)
    if (hole === undefined || db.serverVersionNum < (hole.from ?? 0)) return expect(hole).toBeDefined()
    const planted: Hole = { ...hole, stage: (names) => hole.stage(names).map((line) => line.replace(from, to)) }
    expect(await tried([planted])).toEqual([`server: ${cve}`])
  })
})

test("a login that may make no roles leaves every hole named as not tried, and that is no pass", async () => {
  const { user, password } = await db.cluster.login({ label: "reader" })
  const url = db.url({ user, password })
  const { checks, findings, notCovered } = await verify({ databaseUrl: url, appUrl: url, only: ["WKC100"], target })
  expect(findings).toEqual([])
  expect(checks[0]?.verdict).toBe("NOT_APPLICABLE")
  const said = notCovered.filter((line) => line.startsWith("WKC100")).join()
  for (const { cve, from } of holes) if (db.serverVersionNum >= (from ?? 0)) expect(said).toContain(cve)
})

async function tried(list: readonly Hole[]): Promise<string[]> {
  const opened = await openScene({
    databaseUrl: db.adminUrl,
    appUrl: db.adminUrl,
    target: parseTarget(target),
    mode: "probe",
  })
  try {
    const record = new CheckRecord(probe)
    await tryHoles(opened.scene, record, list)
    expect(record.notCovered()).toEqual([])
    return objects(record.findings)
  } finally {
    await opened.close()
  }
}

async function ask(sql: string): Promise<number> {
  return await withClient(db.adminUrl, async (client) => (await client.query(sql)).rows.length)
}
