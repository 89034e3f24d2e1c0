import { randomBytes } from "node:crypto"
import { parsePolicy } from "@wardkeep/core"
import { apply, asOwner, install } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { notice } from "#tests/fixture/consenting.ts"
import { document, installHost } from "#tests/fixture/host.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { consent } from "./consent.js"

const database = useDatabase()

const schema = `
create table clinic (id bigint primary key);
create table branch (id bigint primary key, clinic_id bigint not null references clinic);
create table patient (clinic_id bigint not null, id text not null, born_on date, primary key (clinic_id, id));
create table visit (clinic_id bigint not null, day date not null, id int not null, patient_id text, primary key (clinic_id, day, id)) partition by range (day);
create table visit_2026 partition of visit for values from ('2026-01-01') to ('2027-01-01');
insert into clinic values (1); insert into branch values (11, 1), (12, 1);
insert into patient values (1, 'a', '1980-01-01'), (1, 'b', '1980-01-01');
insert into visit values (1, '2026-05-05', 1, 'a'), (1, '2026-05-05', 2, 'b'), (1, '2026-05-05', 3, null)`

const base = {
  tables: { patient: { scope: "tenant", subject: "id" }, visit: { scope: "tenant", subject: "patient_id" } },
  roles: {
    desk: { purposes: ["care"], can: { patient: "manage", visit: "manage" } },
    caller: { purposes: ["outreach"], can: { patient: "read", visit: "read" } },
  },
}
const withLedger = {
  purposes: { care: { basis: "s7a" }, outreach: { basis: "consent" } },
  consent: { subjects: "patient", born: "born_on", recordedBy: ["desk"], noticesBy: ["desk"] },
}

it("people of a tenant, keys of other types and partitions: rows follow from any branch, and a ledger comes and goes", async () => {
  const without = document({ ...base, purposes: { care: { basis: "s7a" }, outreach: { basis: "s6" } } })
  const host = await installHost(database.ownerUrl, schema, without)
  await host.apply()
  const policy = parsePolicy({ ...without, ...withLedger })
  await connected(database.ownerUrl, (admin) => install({ admin, policy, extensions: [consent] }))
  const applied = (as = policy) => host.asOwner((client) => apply({ client, policy: as, extensions: [consent] }))
  expect((await applied()).applied).toBeGreaterThan(0)
  expect((await applied()).applied).toBe(0)

  const key = { id: "k001", secret: randomBytes(32) }
  await connected(withLogin(database.ownerUrl, host.logins.migrator), (client) =>
    asOwner(client, policy, () => client.query("select wardkeep.add_key($1, $2)", [key.id, key.secret])),
  )
  const as = async <T extends pg.QueryResultRow>(
    role: string,
    branch: string,
    text: string,
    values: unknown[] = [],
  ): Promise<T[]> => {
    const [grant] = await issueBySql(database.ownerUrl, { key, logins: host.logins }, [
      { role, tenant: "1", branches: [branch] },
    ])
    if (grant === undefined) throw new Error("no session was issued")
    return await connected(withLogin(database.ownerUrl, host.logins.app), (client) =>
      inContext(client, grant, async () => (await client.query<T>(text, values)).rows),
    )
  }
  const [item] = notice.items
  const doc = JSON.stringify({ ...notice, items: [item] })
  const [made] = await as<{ id: string }>("desk", "11", "select wardkeep_consent.publish_notice($1) as id", [doc])
  const say = (kind: string) =>
    as("desk", "11", "select wardkeep_consent.serve_notice('a', $1), wardkeep_consent.decide('a', $2)", [
      JSON.stringify({ notice: made?.id, language: "en", channel: "desk", evidence: "x" }),
      JSON.stringify({
        notice: made?.id,
        language: "en",
        by: "subject",
        channel: "desk",
        method: "x",
        evidence: "x",
        decisions: [{ purpose: "outreach", kind }],
      }),
    ])
  const reached = () => as<{ id: number }>("caller", "12", "select id from visit order by id")
  expect(await reached()).toEqual([])
  await say("granted")
  expect(await reached()).toEqual([{ id: 1 }])
  await as("desk", "12", "insert into visit values (1, '2026-06-06', 4, 'a', -1), (1, '2026-06-06', 5, 'b', -1)")
  expect(await reached()).toEqual([{ id: 1 }, { id: 4 }])
  // Without the ledger nothing of it stands in the way; with it again, rows say what it says.
  expect((await applied(host.policy)).applied).toBeGreaterThan(0)
  expect((await applied(host.policy)).applied).toBe(0)
  expect(await reached()).toHaveLength(5)
  expect((await applied()).applied).toBeGreaterThan(0)
  expect(await reached()).toEqual([{ id: 1 }, { id: 4 }])
  await say("withdrawn")
  expect(await reached()).toEqual([])
})
