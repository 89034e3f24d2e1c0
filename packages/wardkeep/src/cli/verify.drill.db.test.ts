import { generateKeyPairSync } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Ran, runCli } from "#tests/cli/run-cli.ts"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
let folder = ""
let env: Record<string, string> = {}

const tables = (app: string) => `
create table visit (branch_id int not null, id int not null, note text not null, primary key (branch_id, id));
insert into visit select b, b * 10 + i, 'note ' || i from generate_series(1, 2) b, generate_series(1, 3) i;
alter table visit enable row level security, force row level security;
create policy own on visit using (branch_id = (select nullif(current_setting('app.branch', true), '')::int));
grant select, insert, update, delete on visit to "${app}";`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wardkeep-verify-"))
  const app = await db.cluster.login()
  await withClient(db.adminUrl, (client) => client.query(tables(app.user)))
  const tenants = ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.branch": key } } }))
  await writeFile(join(folder, "target.json"), JSON.stringify({ tenants, tenantColumns: ["branch_id"] }))
  env = { WARDKEEP_ADMIN_URL: db.adminUrl, WARDKEEP_APP_URL: db.url(app) }
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

const verify = async (...args: string[]): Promise<Ran> =>
  await runCli(folder, ["verify", "--target", "target.json", ...args], env)

test("a run is written in a format, signed, and read again in another without attacking again", async () => {
  const keys = generateKeyPairSync("ed25519")
  await writeFile(join(folder, "key.pem"), keys.privateKey.export({ type: "pkcs8", format: "pem" }))
  await writeFile(join(folder, "key.pub"), keys.publicKey.export({ type: "spki", format: "pem" }))
  const ran = await verify("--only", "WKC020", "--sign", "key.pem", "--out", "report.json")
  expect(ran).toMatchObject({ code: 0, stdout: "", stderr: "" })
  const again = await runCli(folder, [
    "verify",
    "report",
    "report.json",
    "--key",
    "key.pub",
    "--format",
    "html",
    "--out",
    "r.html",
  ])
  expect(again).toMatchObject({ code: 0, stdout: "" })
  expect(again.stderr).toMatch(/^signature: valid/)
  expect(await readFile(join(folder, "r.html"), "utf8")).toContain("No leak was found")
})

test("what is wrong with format, key or baseline is said before anything is attacked", async () => {
  const nowhere = { WARDKEEP_ADMIN_URL: "postgres://localhost:1/none", WARDKEEP_APP_URL: "postgres://localhost:1/none" }
  await writeFile(join(folder, "baseline.json"), '[{"check":"WKC020"}]')
  for (const wrong of [
    ["--format", "pdf"],
    ["--sign", "target.json"],
    ["--baseline", "baseline.json"],
  ]) {
    const ran = await runCli(folder, ["verify", "--target", "target.json", ...wrong], nowhere)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^WK(009|772|770) /)
  }
})

test("a drill works on a clone and says how good the suite is", async () => {
  const ran = await verify("--mode", "drill", "--only", "WKC020", "WKC303", "WKC306", "--json")
  const report = JSON.parse(ran.stdout)
  expect(report).toMatchObject({ mode: "drill", killRate: { mutations: expect.any(Number) } })
  expect(report.killRate.killed).toBeGreaterThan(0)
  expect(report.checks.map(({ check }: { check: string }) => check)).toEqual(["WKC020", "WKC306", "WKC303"])
  expect(ran.code).toBe(4)
})
