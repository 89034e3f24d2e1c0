import { apply, asOwner, install } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, installHost, withFreshHost } from "#tests/fixture/host.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "./audit.js"

const database = useDatabase()

const wide = Array.from({ length: 120 }, (_, n) => `c${n} text`).join(", ")
const schema = `
create table clinic (id uuid primary key, name text);
create table branch (id uuid primary key, clinic_id uuid not null references clinic, unique (clinic_id, id));
create table wide (clinic_id uuid not null, branch_id uuid not null, id bigint not null, ${wide}, primary key (clinic_id, branch_id, id));
create table keyless (clinic_id uuid not null, branch_id uuid not null, word text);
create table pair (clinic_id uuid not null, branch_id uuid not null, a int, b text, v numeric, primary key (clinic_id, branch_id, a, b));
create table parted (clinic_id uuid not null, branch_id uuid not null, id int not null, v text, primary key (clinic_id, branch_id, id)) partition by range (id);
create table parted_low partition of parted for values from (0) to (10);
create table parted_high partition of parted for values from (10) to (20);
insert into clinic values ('00000000-0000-0000-0000-0000000000aa', 'A');
insert into branch values ('00000000-0000-0000-0000-0000000000ab', '00000000-0000-0000-0000-0000000000aa');`

it("records wide, keyless and partitioned tables, composite and changed keys, and values that only look equal", async () => {
  const manage = { wide: "manage", keyless: "manage", pair: "manage", parted: "manage" }
  const names = ["wide", "keyless", "pair", "parted"]
  const host = await installHost(
    database.ownerUrl,
    schema,
    document({
      tables: Object.fromEntries(names.map((name) => [name, { scope: "branch" }])),
      roles: { doctor: { purposes: ["care"], can: manage } },
    }),
  )
  const { policy } = host
  await connected(database.ownerUrl, (admin) => install({ admin, policy, extensions: [audit] }))
  await host.asOwner((client) => apply({ client, policy, extensions: [audit] }))
  const again = await host.asOwner((client) => apply({ client, policy, extensions: [audit] }))
  expect(again.applied).toBe(0)

  const token = await host.asOwner(async (client) => {
    const { rows } = await client.query(
      "select wardkeep.open_backfill('00000000-0000-0000-0000-0000000000aa', 'test') as token",
    )
    return rows[0].token
  })
  const events = (text: string): Promise<Record<string, unknown>[]> =>
    connected(withLogin(database.ownerUrl, host.logins.migrator), (client) =>
      asOwner(client, policy, async () => await inBackfill(client, token, text)),
    )
  const many = Array.from({ length: 120 }, (_, n) => `c${n}`).join(", ")
  const [row] = await events(`insert into wide (id, ${many}) select 1, ${many.replaceAll(/c(\d+)/g, "'v$1'")}`)
  expect(Object.keys(row?.detail ?? {})).toHaveLength(123)
  expect(row).toMatchObject({ record: "1", actor: `backfill:${host.logins.migrator.user}` })
  expect(await events("update wide set c119 = 'w'")).toMatchObject([{ detail: { c119: ["v119", "w"] } }])

  await events("insert into keyless (word) values ('x'), ('y')")
  const keyless = await events("update keyless set word = 'z' where word = 'x'")
  expect(keyless.map((event) => (event.detail as { word: unknown }).word)).toEqual(
    expect.arrayContaining([
      ["x", null],
      [null, "z"],
    ]),
  )

  expect(await events("insert into pair (a, b, v) values (1, 'k', 1.0)")).toMatchObject([{ record: '["1", "k"]' }])
  expect(await events("update pair set v = 1.00")).toMatchObject([{ verb: "update", detail: { v: [1.0, 1.0] } }])
  const rekeyed = await events("update pair set a = 2")
  expect(rekeyed.map((event) => event.record).sort()).toEqual(['["1", "k"]', '["2", "k"]'])

  expect(await events("insert into parted (id, v) values (1, 'low'), (11, 'high')")).toHaveLength(2)
  expect(await events("update parted set v = 'moved', id = 12 where id = 1")).toMatchObject([
    { relation: "public.parted" },
    { relation: "public.parted" },
  ])
  expect(await events("insert into parted_low (id, v) values (2, 'direct')")).toMatchObject([
    { relation: "public.parted", record: "2" },
  ])

  await host.asOwner((client) => client.query("alter table wide drop column c7, add column c120 text"))
  expect(await events("update wide set c8 = 'w'")).toMatchObject([{ detail: { c8: ["v8", "w"] } }])
  await host.asOwner((client) => client.query("alter table pair drop column v"))
  expect(await events("insert into pair (a, b) values (7, 'k')")).toMatchObject([{ record: '["7", "k"]' }])
  expect(await events("delete from pair where a = 7")).toMatchObject([{ verb: "delete" }])
})

async function inBackfill(client: pg.Client, token: string, text: string): Promise<Record<string, unknown>[]> {
  await client.query("set row_security = on")
  await client.query("begin")
  await client.query("select set_config('wardkeep.token', $1, true)", [token])
  const { rows: before } = await client.query("select coalesce(max(id), 0) as id from wardkeep_audit.event")
  await client.query(text)
  const { rows } = await client.query(
    "select actor, verb, relation, record, detail::json from wardkeep_audit.event where id > $1 order by id",
    [before[0].id],
  )
  await client.query("commit")
  return rows
}

it("records under the accelerated strategy too, in the context that was verified", async () => {
  const made = await database.cluster.database()
  try {
    const clinic = await installAudited(made.adminUrl, { strategy: "accelerated" })
    const [first] = clinic.branches
    const [doctor] = await issueBySql(made.adminUrl, clinic, [
      { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
    ])
    if (doctor === undefined) throw new Error("one assignment, one grant")
    await connected(withLogin(made.adminUrl, clinic.logins.app), async (client) => {
      await inContext(client, doctor, () => client.query("update patient set phone = '1'"))
    })
    const { rows } = await connected(made.adminUrl, (client) =>
      client.query("select distinct actor, tenant from wardkeep_audit.event where relation = 'public.patient'"),
    )
    expect(rows).toEqual([{ actor: "asha", tenant: first.clinic }])
  } finally {
    await made.drop()
  }
})

it("leaves a detached partition that was given away to its owner, whom the plan tells what to drop", async () => {
  await withFreshHost(
    database,
    `create table clinic (id int primary key); create table branch (id int primary key, clinic_id int not null references clinic);
     create table drug (id int primary key) partition by range (id); create table drug_1 partition of drug for values from (0) to (10);`,
    document({
      rest: "unmanaged",
      tables: { drug: { scope: "global" } },
      roles: { doctor: { purposes: ["care"], can: { drug: "read" } } },
    }),
    async ({ policy, asOwner: asOwnerOf }, { adminUrl, ownerUrl }) => {
      const applied = () => asOwnerOf((client) => apply({ client, policy, extensions: [audit] }))
      const admin = (sql: string) => connected(adminUrl, (client) => client.query(sql))
      await connected(ownerUrl, (client) => install({ admin: client, policy, extensions: [audit] }))
      await applied()
      await admin("alter table drug detach partition drug_1; alter table drug_1 owner to current_user")
      await applied()
      const again = await applied()
      expect(again.applied).toBe(0)
      const [found, ...others] = again.findings.filter(({ check }) => check === "given-away")
      expect([found?.object, others]).toEqual(["public.drug_1", []])
      await admin(found!.fix!.replace("As its owner: ", ""))
      expect((await admin("select from pg_trigger where tgrelid = 'drug_1'::regclass")).rowCount).toBe(0)
    },
  )
})
