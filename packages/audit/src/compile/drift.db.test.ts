import { roleNames } from "@wardkeep/core"
import { apply, drift, install } from "@wardkeep/postgres/migrate"
import { expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "./audit.js"

const database = useDatabase()

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table patient (clinic_id uuid not null, branch_id uuid not null references branch, id int primary key)`

const applied = (host: Host) => host.asOwner((client) => apply({ client, policy: host.policy, extensions: [audit] }))
const objects = (host: Host) =>
  host.asOwner(async (client) => (await drift({ client, policy: host.policy })).map(({ object }) => object))

async function withAudit(
  work: (host: Host, asAdmin: (sql: string) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const tables = { patient: { scope: "branch" } }
  const roles = { doctor: { purposes: ["care"], can: { patient: "manage" } } }
  await withFreshHost(database, schema, document({ tables, roles }), async (host, { adminUrl, ownerUrl }) => {
    await host.apply()
    await connected(ownerUrl, (admin) => install({ admin, policy: host.policy, extensions: [audit] }))
    const added = await applied(host)
    expect(added.findings.filter(({ check }) => check === "drift-not-corrected")).toEqual([])
    await work(host, (sql) => connected(adminUrl, (admin) => admin.query(sql)))
  })
}

it("is nothing where the log was added to an installation that runs", async () => {
  await withAudit(async (host) => {
    expect(await objects(host)).toEqual([])
    expect((await applied(host)).applied).toBe(0)
  })
})

it("takes EXECUTE on functions of the log back from whoever was given it, and from whom they gave it to", async () => {
  await withAudit(async (host, asAdmin) => {
    const { role, app } = roleNames(host.policy)
    const [erase, recorded] = ["wardkeep_audit.erase_subject(text, text, text)", 'wardkeep_audit."on_public.patient"()']
    await asAdmin(`grant usage on schema wardkeep_audit to ${role("doctor")};
      grant execute on function ${erase} to ${role("doctor")} with grant option`)
    await asAdmin(`set role ${role("doctor")}; grant execute on function ${erase} to ${app}`)
    await asAdmin(`grant execute on function ${erase}, ${recorded} to public`)
    const facts = [
      "function wardkeep_audit.erase_subject(of_tenant text, of_subject text, reason text)",
      "function wardkeep_audit.on_public.patient()",
    ]
    expect(await objects(host)).toEqual(expect.arrayContaining(facts))
    expect((await applied(host)).applied).toBeGreaterThan(0)
    const { rows } = await host.asOwner((client) =>
      client.query(
        `select p.proname, a.grantee::regrole from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
          where p.pronamespace = 'wardkeep_audit'::regnamespace and a.grantee <> p.proowner`,
      ),
    )
    // What the policy file's roles call stays theirs.
    const meant = ["open_share", "opened_share", "record_denied", "record_failed_login"]
    expect(rows.map((row) => row.proname).filter((name) => !meant.includes(name))).toEqual([])
    expect(await objects(host)).toEqual([])
    expect((await applied(host)).applied).toBe(0)
  })
})

it("puts a dropped function of the log back, for nobody but the owner; without the log nothing of it is judged", async () => {
  await withAudit(async (host, asAdmin) => {
    await asAdmin("drop function wardkeep_audit.commitment(bytea, integer, text)")
    const fact = "function wardkeep_audit.commitment(seed bytea, field integer, value text)"
    expect(await objects(host)).toEqual([fact])
    const without = (await host.apply()).findings.filter(({ check }) => check === "drift-not-corrected")
    expect(without).toMatchObject([{ object: fact }])
    expect(await objects(host)).toEqual([fact])
    expect((await applied(host)).applied).toBe(1)
    expect(await objects(host)).toEqual([])
    const held =
      "select has_function_privilege('public', 'wardkeep_audit.commitment(bytea, integer, text)', 'EXECUTE') as held"
    expect((await host.asOwner((client) => client.query(held))).rows).toEqual([{ held: false }])
  })
})

it.each([
  [
    "a rule on the log",
    "create rule quiet as on insert to wardkeep_audit.event do instead nothing",
    ["rule wardkeep_audit.event quiet"],
  ],
  [
    "a trigger on the log, once for all its months",
    `create function public.quiet() returns trigger language plpgsql as $$ begin return null; end $$;
     create trigger quiet before insert on wardkeep_audit.event for each row execute function public.quiet()`,
    ["trigger wardkeep_audit.event quiet"],
  ],
  [
    "a trigger on one month",
    `create function public.quiet() returns trigger language plpgsql as $$ begin return null; end $$;
     create trigger quiet before insert on wardkeep_audit.event_other for each row execute function public.quiet()`,
    ["trigger wardkeep_audit.event_other quiet"],
  ],
])("names %s, which no step corrects", async (_, sql, facts) => {
  await withAudit(async (host, asAdmin) => {
    await asAdmin(sql)
    expect(await objects(host)).toEqual(facts)
    const { findings } = await applied(host)
    expect(findings.filter(({ check }) => check === "drift-not-corrected").map(({ object }) => object)).toEqual(facts)
    expect(await objects(host)).toEqual(facts)
  })
})
