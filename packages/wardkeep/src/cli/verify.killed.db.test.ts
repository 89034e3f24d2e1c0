import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { runCli, type Started, startCli } from "#tests/cli/run-cli.ts"
import { digestOfDatabase } from "#tests/corpus/src/digest.ts"
import { type Login, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
let folder = ""
let app: Login
let env: Record<string, string> = {}

/** The trigger holds every transaction open right after it wrote, so that it is met half way. */
const tables = (app: string) => `
create table visit (branch_id int not null, id int not null, note text not null, primary key (branch_id, id));
insert into visit select b, b * 10 + i, 'note ' || i from generate_series(1, 2) b, generate_series(1, 3) i;
create table log (branch_id int not null, at timestamptz not null default now(), note text not null);
create function slow() returns trigger language plpgsql as $$
begin
  insert into log (branch_id, note) values (new.branch_id, new.note);
  perform pg_sleep(0.3);
  return null;
end $$;
create trigger slow after insert or update on visit for each row execute function slow();
alter table visit enable row level security, force row level security;
create policy own on visit using (branch_id = (select nullif(current_setting('app.branch', true), '')::int));
alter table log enable row level security, force row level security;
create policy own on log using (branch_id = (select nullif(current_setting('app.branch', true), '')::int));
grant select, insert, update, delete on visit, log to "${app}";`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wardkeep-killed-"))
  app = await db.cluster.login()
  await withClient(db.adminUrl, async (client) => await client.query(tables(app.user)))
  env = { WARDKEEP_ADMIN_URL: db.adminUrl, WARDKEEP_APP_URL: db.url(app) }
  const tenants = ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.branch": key } } }))
  await writeFile(join(folder, "target.json"), JSON.stringify({ tenants, tenantColumns: ["branch_id"] }))
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

const digest = async (): Promise<string> =>
  await withClient(db.adminUrl, async (client) => await digestOfDatabase(client, [app.user]))

const ours = "datname = current_database() and application_name = 'wardkeep verify'"

async function until(condition: string): Promise<void> {
  const end = Date.now() + 30_000
  await withClient(db.adminUrl, async (client) => {
    while (Date.now() < end) {
      const { rows } = await client.query<{ met: boolean }>(`select ${condition} as met from pg_stat_activity`)
      if (rows[0]?.met === true) return
      await sleep(10)
    }
    throw new Error(`not within 30 s: ${condition}`)
  })
}

/** A run whose transaction has written and is not over. */
async function halfWay(): Promise<Started> {
  const started = startCli(folder, ["verify", "--target", "target.json", "--json"], env)
  await until(`count(*) filter (where ${ours} and backend_xid is not null) > 0`)
  return started
}

describe("a run that is ended half way leaves nothing", () => {
  test("by a kill that no program can catch", { timeout: 90_000 }, async () => {
    const before = await digest()
    const run = await halfWay()
    run.kill("SIGKILL")
    expect((await run.ended).code).toBe(null)
    await until(`count(*) filter (where ${ours}) = 0`)
    expect(await digest()).toBe(before)
  })

  test("by an administrator who ends its sessions, and says so instead of passing", { timeout: 90_000 }, async () => {
    const before = await digest()
    const run = await halfWay()
    await withClient(db.adminUrl, async (client) => {
      await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${ours}`)
    })
    const { code, stdout } = await run.ended
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "WK005" } })
    expect(code).toBe(3)
    await until(`count(*) filter (where ${ours}) = 0`)
    expect(await digest()).toBe(before)
  })

  test("and the digest notices what such a run would have left", async () => {
    const before = await digest()
    await withClient(db.adminUrl, async (client) => {
      await client.query("insert into log (branch_id, note) values (1, 'left')")
      const after = await digestOfDatabase(client, [app.user])
      await client.query("delete from log where note = 'left'")
      expect(after).not.toBe(before)
    })
    expect(await digest()).toBe(before)
  })
})

describe("--init", () => {
  test("writes a target by looking, with which a run finds its tenants", { timeout: 90_000 }, async () => {
    await withClient(db.adminUrl, async (client) => await client.query("alter table visit disable trigger slow"))
    const before = await digest()
    const init = await runCli(folder, ["verify", "--init", "--out", "first.json"], env)
    expect(init).toEqual({ code: 0, stdout: "", stderr: "" })
    const target = JSON.parse(await readFile(join(folder, "first.json"), "utf8"))
    expect(target).toMatchObject({
      tenants: [
        { key: "1", connect: { settings: { "app.branch": "1" } } },
        { key: "2", connect: { settings: { "app.branch": "2" } } },
      ],
      tenantColumns: ["branch_id"],
      schemas: ["public"],
    })
    const printed = await runCli(folder, ["verify", "--init"], env)
    expect(JSON.parse(printed.stdout)).toEqual(target)
    const ran = await runCli(folder, ["verify", "--target", "first.json", "--only", "WKC020", "--json"], env)
    expect(JSON.parse(ran.stdout)).toMatchObject({ verdict: "NOT_FOUND" })
    expect(ran.code).toBe(0)
    expect(await digest()).toBe(before)
  })

  test("without a database is wrong usage, and without a reachable one says so", async () => {
    const nowhere = await runCli(folder, ["verify", "--init"])
    expect(nowhere.code).toBe(2)
    expect(nowhere.stderr).toMatch(/^WK009 /)
    const closed = await runCli(folder, ["verify", "--init", "--database-url", "postgres://localhost:1/none"])
    expect(closed.code).toBe(3)
    expect(closed.stderr).toMatch(/^WK005 /)
  })
})
