import { parsePolicy, roleNames } from "@wardkeep/core"
import { beforeAll, describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { catalogDigest, document, type Host, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
let host: Host
let base: Record<string, unknown>

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table patient (clinic_id uuid not null, branch_id uuid not null, id uuid not null, name text, primary key (clinic_id, branch_id, id));
create table lookup (code text primary key);
create table misplaced (id uuid primary key, clinic_id bigint not null, branch_id uuid not null);
create table oddly_keyed (id date primary key);`

const tables = {
  patient: { scope: "branch" },
  lookup: { scope: "global" },
  misplaced: { scope: "unmanaged" },
  oddly_keyed: { scope: "unmanaged" },
}
const roles = { doctor: { purposes: ["care"], can: { patient: "manage" } } }

beforeAll(async () => {
  base = document({ tables, roles })
  host = await installHost(database.ownerUrl, schema, base)
})

/** One clear error with the code, and a catalog that did not change. */
async function refused(change: Record<string, unknown>, code: string, says: string): Promise<void> {
  const before = await catalogDigest(database.adminUrl)
  const policy = parsePolicy({ ...base, ...change })
  for (const attempt of [host.plan, host.apply]) {
    const error: unknown = await attempt(policy).then(
      () => undefined,
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code, message: expect.stringContaining(says), hint: expect.stringMatching(/\w{3}/) })
  }
  expect(await catalogDigest(database.adminUrl)).toBe(before)
}

describe("a policy that does not fit the database", () => {
  it("names an unknown table", () =>
    refused(
      { tables: { ...tables, patients: { scope: "branch" } } },
      "WK002",
      "table public.patients is in the policy file and not in the database",
    ))
  it("names an unknown column, wherever it stands", async () => {
    await refused(
      { tables: { ...tables, patient: { scope: "branch", subject: "ident" } } },
      "WK002",
      "public.patient has no column ident",
    )
    const can = { patient: { read: ["clinic_id", "nam"] } }
    await refused({ roles: { doctor: { purposes: ["care"], can } } }, "WK002", "public.patient has no column nam")
    await refused(
      { lookups: { by_mail: { table: "patient", by: "mail", returns: ["id"] } } },
      "WK002",
      "public.patient has no column mail",
    )
    await refused(
      { tables: { ...tables, patient: { scope: "branch", search: { words: ["nick"] } } } },
      "WK002",
      "public.patient has no column nick",
    )
  })
  it("names a role that does not exist yet", () =>
    refused({ roles: { ...roles, nurse: { purposes: ["care"] } } }, "WK002", "roles that do not exist yet"))
  it("names a key type that cannot be used", () =>
    refused(
      {
        tenancy: { ...(base.tenancy as object), tenant: "oddly_keyed" },
        tables: {
          patient: { scope: "branch" },
          clinic: { scope: "unmanaged" },
          lookup: { scope: "global" },
          misplaced: { scope: "unmanaged" },
        },
      },
      "WK007",
      "the key of public.oddly_keyed is date",
    ))
  it("names a scope column of another type", () =>
    refused(
      { tables: { ...tables, misplaced: { scope: "branch" } } },
      "WK007",
      "public.misplaced.clinic_id is bigint, the key it refers to is uuid",
    ))
  it("names a table without its scope column", () =>
    refused({ tables: { ...tables, lookup: { scope: "branch" } } }, "WK008", "public.lookup has no column clinic_id"))
  it("names a table without a primary key where search or a look-up needs one", async () => {
    await host.asOwner((c) => c.query("create table keyless (clinic_id uuid not null, name text)"))
    const keyless = { ...tables, keyless: { scope: "tenant" } }
    const says = "public.keyless has no primary key"
    await refused({ tables: { ...keyless, keyless: { scope: "tenant", search: { words: ["name"] } } } }, "WK008", says)
    const lookups = { by_name: { table: "keyless", by: "name", returns: ["clinic_id"] } }
    await refused({ tables: keyless, lookups }, "WK008", says)
    await host.asOwner((c) => c.query("drop table keyless"))
  })
  it("names tables that nobody listed, and takes rest: 'unmanaged' for an answer", async () => {
    const { lookup: _lookup, ...rest } = tables
    await refused({ tables: rest }, "WK002", "public.lookup")
    const plan = await host.plan(parsePolicy({ ...base, tables: rest, rest: "unmanaged" }))
    expect(plan.findings.filter((f) => f.check === "table-not-covered").map((f) => f.object)).toContain("public.lookup")
    expect(plan.findings.find((f) => f.object === "public.lookup")?.message).toMatch(/^NOT COVERED/)
  })
  it("refuses branch ids that are unique per tenant only", async () => {
    await host.asOwner((c) =>
      c.query("alter table branch drop constraint branch_pkey, add primary key (clinic_id, id)"),
    )
    await refused({}, "WK008", "branch ids that repeat across tenants")
    await host.asOwner((c) => c.query("alter table branch drop constraint branch_pkey, add primary key (id)"))
  })
})

describe("a condition that does not fit the database", () => {
  const named = { ...tables, patient: { scope: "branch", subject: "id" } }
  const tied = (condition: unknown): Record<string, unknown> => ({
    tables: named,
    conditions: { drawn: condition },
    roles: { doctor: { purposes: ["care"], can: { patient: { read: { when: "drawn" } } } } },
  })
  it("names the column that is not there", () =>
    refused(
      tied({ own: "author" }),
      "WK002",
      "conditions.drawn on public.patient: a condition names the column author",
    ))
  it("names a column whose type cannot be compared", () =>
    refused(tied({ state: { column: "name", in: [1] } }), "WK002", "public.patient.name has the type text"))
  it("names a label that the enum does not have", async () => {
    await host.asOwner((c) => c.query("create type mood as enum ('calm'); alter table patient add column mood mood"))
    await refused(tied({ state: { column: "mood", in: ["cross"] } }), "WK002", "has no state cross; there are calm")
    await host.asOwner((c) => c.query("alter table patient drop column mood; drop type mood"))
  })
  it("names a column whose collation takes different texts for the same", async () => {
    await host.asOwner((c) =>
      c.query(
        "create collation blunt (provider = icu, locale = 'und-u-ks-level2', deterministic = false); alter table patient add column nick text collate blunt",
      ),
    )
    const says = "public.patient.nick has a collation that takes different texts for the same"
    await refused(tied({ own: "nick" }), "WK002", says)
    await refused(tied({ state: { column: "nick", in: ["a"] } }), "WK002", says)
    await host.asOwner((c) => c.query("alter table patient drop column nick; drop collation blunt"))
  })
})

describe("a database with objects of the host in the way", () => {
  it("names a table of another owner", async () => {
    const me = new URL(database.adminUrl).username
    await connected(database.adminUrl, (admin) => admin.query(`alter table patient owner to ${me}`))
    await refused({}, "WK303", `public.patient belongs to ${me}`)
    await connected(database.adminUrl, (admin) =>
      admin.query(`alter table patient owner to ${roleNames(host.policy).owner}`),
    )
  })
  it("names policies of the host", async () => {
    await host.asOwner((c) => c.query("create policy mine on patient using (true)"))
    await refused({}, "WK303", "policy public.patient mine is not ours")
    await host.asOwner((c) => c.query("drop policy mine on patient"))
  })
  it("names a default of the host on a scope column", async () => {
    await host.asOwner((c) => c.query("alter table patient alter column branch_id set default gen_random_uuid()"))
    await refused({}, "WK303", "has a default of its own")
    await host.asOwner((c) => c.query("alter table patient alter column branch_id drop default"))
  })
  it("names rows without a scope", async () => {
    await host.asOwner((c) =>
      c.query(
        "alter table patient drop constraint patient_pkey, alter column branch_id drop not null; insert into patient (clinic_id, id) values (gen_random_uuid(), gen_random_uuid())",
      ),
    )
    const before = await catalogDigest(database.adminUrl)
    await expect(host.apply()).rejects.toMatchObject({
      code: "WK304",
      message: expect.stringContaining("public.patient.branch_id"),
    })
    expect(await catalogDigest(database.adminUrl)).toBe(before)
    await host.asOwner((c) =>
      c.query("delete from patient; alter table patient add primary key (clinic_id, branch_id, id)"),
    )
  })
})

describe("a plan", () => {
  it("that is no longer true is WK305, and nothing happens", async () => {
    const { apply } = await import("../migrate/index.js")
    const shown = await host.plan()
    await host.asOwner((c) =>
      c.query(
        "create table patient_note (clinic_id uuid not null, branch_id uuid not null, id uuid, primary key (clinic_id, branch_id, id))",
      ),
    )
    const policy = parsePolicy({ ...base, tables: { ...tables, patient_note: { scope: "branch" } } })
    const before = await catalogDigest(database.adminUrl)
    await expect(host.asOwner((client) => apply({ client, policy, plan: shown }))).rejects.toMatchObject({
      code: "WK305",
    })
    expect(await catalogDigest(database.adminUrl)).toBe(before)
    await host.asOwner((c) => c.query("drop table patient_note"))
  })
  it("waits for a table no longer than it was told, and changes nothing", async () => {
    const { apply } = await import("../migrate/index.js")
    const before = await catalogDigest(database.adminUrl)
    await connected(database.adminUrl, async (other) => {
      await other.query("begin; lock table patient in access share mode")
      await expect(
        host.asOwner((client) => apply({ client, policy: host.policy, lockTimeout: 100 })),
      ).rejects.toMatchObject({
        code: "WK301",
        message: expect.stringContaining("55P03"),
      })
      await other.query("rollback")
    })
    expect(await catalogDigest(database.adminUrl)).toBe(before)
  })
  it("waits no longer for one whose definition it reads", async () => {
    const { apply } = await import("../migrate/index.js")
    await connected(database.adminUrl, async (other) => {
      await other.query("begin; alter table branch add column opened date")
      await expect(
        host.asOwner((client) => apply({ client, policy: host.policy, lockTimeout: 100 })),
      ).rejects.toMatchObject({ code: "WK301", message: expect.stringContaining("55P03") })
      await other.query("rollback")
    })
  })
  it("applied by several at once is applied once, and all of them succeed", async () => {
    const { apply } = await import("../migrate/index.js")
    const results = await Promise.all(
      Array.from(
        { length: 4 },
        async () => await host.asOwner((client) => apply({ client, policy: host.policy, lockTimeout: 60_000 })),
      ),
    )
    expect(results.map(({ applied }) => applied > 0).sort()).toEqual([false, false, false, true])
  })
  it("waits for another apply no longer than it was told, and says so", async () => {
    const { apply } = await import("../migrate/index.js")
    await connected(database.adminUrl, async (other) => {
      await other.query("begin; lock table wardkeep.policy_state in share update exclusive mode")
      await expect(
        host.asOwner((client) => apply({ client, policy: host.policy, lockTimeout: 100 })),
      ).rejects.toMatchObject({ code: "WK301", message: expect.stringContaining("another apply") })
      await other.query("rollback")
    })
  })
})
