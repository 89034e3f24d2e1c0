import { roleNames } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { drift } from "./drift.js"

const database = useDatabase()

const tables = { event: { scope: "branch" } }
const roles = { doctor: { purposes: ["care"], can: { event: "manage" } } }
const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table event (clinic_id uuid not null, branch_id uuid not null, at date not null, primary key (clinic_id, branch_id, at)) partition by range (at);
insert into clinic values ('00000000-0000-0000-0000-00000000000a');
insert into branch values ('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-00000000000a');
create schema parts;
create schema deeper;
create table parts.e2026 partition of event for values from ('2026-01-01') to ('2027-01-01') partition by range (at);
create table deeper.e2026_02 partition of parts.e2026 for values from ('2026-02-01') to ('2026-03-01');
create table deeper.e2025 partition of event for values from ('2025-01-01') to ('2026-01-01');
insert into event select c.id, b.id, '2026-02-03' from clinic c, branch b;
grant usage on schema parts, deeper to public;
grant select, delete on deeper.e2026_02 to public;`

interface Reached extends Host {
  readonly asApp: ReturnType<typeof asApp>
}

async function withHost(work: (host: Reached) => Promise<void>): Promise<void> {
  await withFreshHost(database, schema, document({ tables, roles }), (host, { ownerUrl }) =>
    work({ ...host, asApp: asApp(ownerUrl, host) }),
  )
}

/** What the application's login gets, as itself or as the matrix role that it may take. */
function asApp(ownerUrl: string, host: Host) {
  return (sql: string, role?: string) =>
    connected(withLogin(ownerUrl, host.logins.app), async (client) => {
      if (role !== undefined) await client.query(`set role ${role}`)
      return (await client.query(sql)).rowCount
    })
}

describe("partitions in schemas that the policy file does not name", () => {
  it("lose their grants and get the fence, at every depth", () =>
    withHost(async (host) => {
      expect(await host.asApp("select from deeper.e2026_02"), "before").toBe(1)
      await host.apply()
      await expect(host.asApp("select from deeper.e2026_02")).rejects.toMatchObject({ code: "42501" })
      const flags = await host.asOwner((owner) =>
        owner.query<{ name: string; fenced: boolean }>(
          `select c.relname as name, relrowsecurity and relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid and polname = 'wk_fence') as fenced
             from pg_class c where relnamespace in ('parts'::regnamespace, 'deeper'::regnamespace) and relkind in ('r', 'p') order by 1`,
        ),
      )
      expect(flags.rows).toEqual(["e2025", "e2026", "e2026_02"].map((name) => ({ name, fenced: true })))
      expect((await host.plan()).steps).toEqual([])
      await host.asOwner((owner) => owner.query("grant select on deeper.e2025 to public"))
      expect((await host.plan()).steps.map((step) => step.sql)).toEqual([
        `revoke select on "deeper"."e2025" from public`,
      ])
    }))

  it("are refused where a policy of the host could widen the fence", () =>
    withHost(async (host) => {
      await host.asOwner((owner) => owner.query("create policy open on deeper.e2025 using (true)"))
      await expect(host.plan()).rejects.toMatchObject({
        code: "WK303",
        message: expect.stringContaining("deeper.e2025"),
      })
    }))
})

describe("default privileges of the owner", () => {
  it("are a leak that the plan names, as a partition made later has no fence until the next apply", () =>
    withHost(async (host) => {
      const doctor = roleNames(host.policy).role("doctor")
      const named = async () => (await host.plan()).findings.filter((f) => f.check === "default-privileges")
      await host.apply()
      expect(await named()).toEqual([])
      await host.asOwner((owner) =>
        owner.query(`alter default privileges grant select on tables to public;
          alter default privileges in schema parts grant select, delete on tables to ${doctor}`),
      )
      const found = await named()
      expect(found).toMatchObject([
        { severity: "leak", object: "default privileges PUBLIC" },
        { severity: "leak", object: `default privileges in schema "parts" ${doctor}` },
      ])
      await host.asOwner((owner) =>
        owner.query(`create table parts.e2027 partition of event for values from ('2027-01-01') to ('2028-01-01');
          insert into parts.e2027 values ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-0000000000a1', '2027-02-03')`),
      )
      expect(await host.asApp("select from parts.e2027"), "what the finding warns of").toBe(1)
      expect(await host.asOwner((client) => drift({ client, policy: host.policy }))).toContainEqual(
        expect.objectContaining({ severity: "leak", object: "table parts.e2027" }),
      )
      await host.apply()
      for (const role of [undefined, doctor])
        await expect(host.asApp("select from parts.e2027", role)).rejects.toMatchObject({ code: "42501" })
      await host.asOwner((owner) =>
        owner.query(found.map(({ fix = "" }) => fix.replace("As the owner: ", "")).join(";")),
      )
      expect(await named()).toEqual([])
    }))
})
