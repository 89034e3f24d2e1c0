import { randomUUID } from "node:crypto"
import type pg from "pg"
import { beforeAll, beforeEach, describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { backfill, maintenance } from "../migrate/index.js"

/** Nothing in this schema keeps a branch or a clinic that rows still name, but for `visit`. */
const schema = `
create table clinic (id uuid primary key, name text);
create table branch (id uuid primary key, clinic_id uuid not null, unique (clinic_id, id));
create table staff (clinic_id uuid not null, id uuid default gen_random_uuid(), name text, primary key (clinic_id, id));
create table patient (clinic_id uuid not null, branch_id uuid not null, id uuid default gen_random_uuid(), phone text,
  primary key (clinic_id, branch_id, id));
create table event (clinic_id uuid not null, branch_id uuid not null, at date not null, id uuid default gen_random_uuid(),
  primary key (clinic_id, branch_id, at, id)) partition by range (at);
create table event_old partition of event for values from (minvalue) to ('2026-01-01');
create table event_new partition of event for values from ('2026-01-01') to (maxvalue);
create table visit (clinic_id uuid not null, branch_id uuid not null, id uuid default gen_random_uuid(), reason text,
  primary key (clinic_id, branch_id, id), foreign key (clinic_id, branch_id) references branch (clinic_id, id));
create table note (id uuid primary key default gen_random_uuid(), visit_id uuid not null, body text)`

const scopes = { scope: "branch" }
const database = useDatabase()
let host: Host
let first: string
let second: string
let branch: string
let gone: string

const migrator = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.adminUrl, host.logins.migrator), work)
const admin = (text: string, values: unknown[] = []): Promise<pg.QueryResult> =>
  connected(database.adminUrl, (client) => client.query(text, values))
const phones = (tenants?: string[]) =>
  migrator((client) =>
    backfill({ client, policy: host.policy, reason: "phones", ...(tenants && { tenants }) }, async (q) => {
      return (await q.query("update patient set phone = '1'")).rowCount
    }),
  )
const patient = (clinic: string, place: string): Promise<pg.QueryResult> =>
  admin("insert into patient (clinic_id, branch_id) values ($1, $2)", [clinic, place])
const refused = (text: RegExp) => ({ code: "WK307", message: expect.stringMatching(text) })

beforeAll(async () => {
  host = await installHost(
    database.ownerUrl,
    schema,
    document({
      tables: {
        clinic: { scope: "tenant" },
        branch: { scope: "tenant" },
        staff: { scope: "tenant" },
        patient: scopes,
        event: scopes,
        visit: scopes,
        note: { scope: { through: "visit", by: "visit_id" } },
      },
      roles: { doctor: { purposes: ["care"], can: { patient: "manage" } } },
    }),
  )
  await host.apply()
})

beforeEach(async () => {
  await admin("truncate clinic, branch, staff, patient, event, visit, note")
  ;[first, second, branch, gone] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
  for (const clinic of [first, second]) await admin("insert into clinic values ($1, 'clinic')", [clinic])
  await admin("insert into branch values ($1, $3), ($2, $3)", [branch, gone, first])
  await patient(first, branch)
})

describe("a backfill over rows that no context shows", () => {
  it("is refused when a branch was deleted and its rows were not, and names table and number", async () => {
    await patient(first, gone)
    await patient(first, gone)
    await migrator((client) =>
      maintenance({ client, policy: host.policy, tables: ["branch"], reason: "closed" }, (q) =>
        q.query("delete from branch where id = $1", [gone]),
      ),
    )
    await expect(phones()).rejects.toMatchObject(refused(/public\.patient: 2 rows/))
    await expect(phones([first])).rejects.toMatchObject(refused(/public\.patient: 2 rows/))
    expect((await admin("select from patient where phone is not null")).rowCount).toBe(0)
    expect((await phones([second])).done).toEqual([{ tenant: second, result: 0 }])
    await admin("delete from patient where branch_id = $1", [gone])
    expect((await phones()).done.map(({ result }) => result).sort()).toEqual([0, 1])
  })

  it.each([
    ["a branch that never was", () => patient(first, randomUUID()), /public\.patient: 1 row/],
    ["a branch of another tenant", () => patient(second, branch), /public\.patient: 1 row/],
    [
      "a tenant that never was",
      () => admin("insert into staff (clinic_id, name) values ($1, 'x')", [randomUUID()]),
      /public\.staff: 1 row/,
    ],
    [
      "a branch that never was, in a partition",
      () => admin("insert into event values ($1, $2, '2025-05-05')", [first, randomUUID()]),
      /public\.event: 1 row/,
    ],
    [
      "a tenant that never was, of a branch",
      () => admin("insert into branch values ($1, $1)", [randomUUID()]),
      /public\.branch: 1 row/,
    ],
  ])("is refused for rows of %s", async (_what, insert, text) => {
    await insert()
    await expect(phones()).rejects.toMatchObject(refused(text))
  })

  it("leaves the fence as it was, and the tables free", async () => {
    await patient(first, randomUUID())
    await expect(phones()).rejects.toMatchObject(refused(/patient/))
    const bare =
      "select relname from pg_class where relname ~ '^(patient|staff|event)' and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)"
    expect((await admin(bare)).rows).toEqual([])
  })

  it("locks no table that has a foreign key to the branch, and the others only until they are counted", async () => {
    const busy = (table: string, work: () => Promise<unknown>): Promise<unknown> =>
      connected(database.adminUrl, async (client) => {
        await client.query("begin")
        await client.query(`lock table ${table} in access share mode`)
        await work()
        return await client.query("rollback")
      })
    await busy("visit, note", () => phones())
    const patience = { client: undefined, policy: host.policy, reason: "phones", lockTimeout: 200 }
    await busy("patient", () =>
      expect(migrator((client) => backfill({ ...patience, client }, (q) => q.query("select 1")))).rejects.toMatchObject(
        refused(/in use/),
      ),
    )
    await migrator((client) =>
      backfill({ client, policy: host.policy, reason: "phones" }, async () => {
        expect((await admin("select from patient")).rowCount).toBe(1)
      }),
    )
  })
})
