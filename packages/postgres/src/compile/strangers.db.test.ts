import { parsePolicy, roleNames } from "@wardkeep/core"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connected, type Login, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { emit } from "../migrate/index.js"

const database = useDatabase()

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table drug (id int primary key);
create table patient (clinic_id uuid not null, branch_id uuid not null, id uuid not null, name text, phone text, primary key (clinic_id, branch_id, id));
create table event (clinic_id uuid not null, branch_id uuid not null, at date not null, primary key (clinic_id, branch_id, at)) partition by range (at);
create table event_2026 partition of event for values from ('2026-01-01') to ('2027-01-01');
create table elsewhere (id int);
insert into clinic values ('00000000-0000-0000-0000-00000000000a');
insert into branch values ('00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-00000000000a');
insert into drug values (1);
insert into patient select c.id, b.id, gen_random_uuid(), 'Asha', '1' from clinic c, branch b, generate_series(1, 2);
insert into event select c.id, b.id, '2026-02-03' from clinic c, branch b;
insert into elsewhere values (1);`

const doc = document({
  rest: "unmanaged",
  tables: {
    drug: { scope: "global" },
    patient: { scope: "branch", search: { words: ["name"] } },
    event: { scope: "branch" },
  },
  roles: { doctor: { purposes: ["care"], can: { patient: "manage", event: "manage", drug: "read" } } },
})

let host: Host
let team: string
const logins: Login[] = []
const open: pg.Client[] = []

/** An open connection of a login that the host had before. */
async function old(label: string): Promise<{ login: Login; run: (sql: string) => Promise<number | null> }> {
  const login = await database.cluster.login({ label, attributes: "inherit" })
  logins.push(login)
  const client = new pg.Client({ connectionString: withLogin(database.adminUrl, login) })
  await client.connect()
  open.push(client)
  return { login, run: async (sql) => (await client.query(sql)).rowCount }
}

const asAdmin = (sql: string) => connected(database.adminUrl, (admin) => admin.query(sql))

beforeAll(async () => {
  host = await installHost(database.ownerUrl, schema, doc)
  team = `team_${host.policy.deployment}`
})

afterAll(async () => {
  for (const client of open) await client.end()
  await asAdmin(`drop owned by ${[team, ...logins.map(({ user }) => user)].join(", ")};
    drop role ${team}; ${logins.map(({ user }) => `drop role ${user}`).join("; ")}`)
})

describe("logins that the host had before", () => {
  it("keep what they could until apply, meet an error from then on, and are named by the plan first", async () => {
    const reports = await old("reports")
    const member = await old("member")
    const columns = await old("columns")
    const everybody = await old("everybody")
    const backup = await old("backup")
    await asAdmin(`create role ${team};
      grant ${team} to ${member.login.user};
      alter role ${backup.login.user} bypassrls;
      grant select, update, delete, truncate on patient to ${reports.login.user} with grant option;
      grant select on event, event_2026, drug, elsewhere to ${reports.login.user};
      grant select on patient to ${team};
      grant select (name), update (name) on patient to ${columns.login.user};
      grant select (at), select on event to ${columns.login.user};
      grant select on event_2026 to public;
      grant select on patient, event to ${backup.login.user}`)
    // What a login passed on is not the owner's to revoke, and goes with what it came from.
    await asAdmin(`set role ${reports.login.user}; grant select on patient to ${everybody.login.user}; reset role`)

    const before: [label: string, run: () => Promise<number | null>, rows: number][] = [
      ["select", () => reports.run("select from patient"), 2],
      ["update", () => reports.run("update patient set phone = '2'"), 2],
      ["delete", () => reports.run("delete from patient where phone = 'nobody'"), 0],
      ["partition", () => reports.run("select from event_2026"), 1],
      ["partitioned", () => reports.run("select from event"), 1],
      ["through a group", () => member.run("select from patient"), 2],
      ["columns", () => columns.run("update patient set name = 'Asha B'"), 2],
      ["column and table", () => columns.run("select at from event"), 1],
      ["passed on", () => everybody.run("select from patient"), 2],
      ["PUBLIC", () => everybody.run("select from event_2026"), 1],
    ]
    for (const [label, run, rows] of before) expect(await run(), label).toBe(rows)

    const shown = await host.plan()
    const lost = shown.findings.filter((f) => f.check === "host-role-loses-access").map((f) => f.message)
    expect(lost).toEqual(
      expect.arrayContaining([
        `${reports.login.user}: apply takes delete, select, truncate, update on public.patient away`,
        `${team} and, through it, ${member.login.user}: apply takes select on public.patient away`,
        `${columns.login.user}: apply takes select ("name"), update ("name") on public.patient away`,
        `${everybody.login.user}: apply takes select on public.patient away`,
        `${reports.login.user}: apply takes select on public.event_2026 away`,
      ]),
    )
    expect(lost.join()).not.toContain(backup.login.user)
    const step = shown.steps.find(({ object }) => object === `public.patient ${team}`)
    expect(step).toMatchObject({ phase: "narrow", why: expect.stringContaining("loses select") })
    expect(emit(shown)).toContain(`revoke select on "public"."patient" from "${team}" cascade;`)
    for (const [label, run, rows] of before) expect(await run(), `${label} after the plan`).toBe(rows)

    await host.apply()
    for (const [label, run] of before) await expect(run(), label).rejects.toMatchObject({ code: "42501" })
    await expect(reports.run("truncate patient")).rejects.toMatchObject({ code: "42501" })
    expect(await reports.run("select from drug")).toBe(1)
    expect(await reports.run("select from elsewhere")).toBe(1)
    expect(await backup.run("select from patient")).toBe(2)
    expect(await backup.run("select from event")).toBe(1)
    const again = await host.plan()
    expect(again.steps).toEqual([])
    expect(again.findings.filter((f) => f.check === "host-role-loses-access")).toEqual([])
  })

  it("get nothing through default privileges of the owner on tables that Wardkeep makes", async () => {
    const later = await old("later")
    await host.asOwner((owner) =>
      owner.query(`alter default privileges grant select on tables to ${later.login.user};
        alter default privileges in schema public grant insert on tables to public;
        create table note (clinic_id uuid not null, branch_id uuid not null, id uuid not null, body text, primary key (clinic_id, branch_id, id))`),
    )
    const policy = parsePolicy({
      ...doc,
      tables: { ...(doc.tables as object), note: { scope: "branch", search: { words: ["body"] } } },
      lookups: { by_phone: { table: "patient", by: "phone", returns: ["clinic_id"] } },
    })
    await host.apply(policy)
    expect((await host.plan(policy)).steps).toEqual([])
    for (const table of ["note", "note_word", "wardkeep_lookup.by_phone_row"])
      await expect(later.run(`select from ${table}`), table).rejects.toMatchObject({ code: "42501" })
  })

  it("lose a grant that they have through a group with BYPASSRLS, which does not pass that on", async () => {
    await host.apply()
    const group = await old("backups")
    const member = await old("member")
    const taking = await old("taking")
    await asAdmin(`alter role ${group.login.user} bypassrls; alter role ${taking.login.user} noinherit;
      grant ${group.login.user} to ${taking.login.user};
      grant select on patient to ${group.login.user}`)
    const named = async () =>
      (await host.plan()).findings.filter((f) => f.check === "host-role-loses-access").map((f) => f.message)
    await host.apply()
    await taking.run(`set role ${group.login.user}`)
    expect(await taking.run("select from patient")).toBe(2)
    await asAdmin(`grant ${group.login.user} to ${member.login.user}`)
    expect(await member.run("select from patient"), "what silence looks like").toBe(0)
    expect(await named()).toEqual([
      `${group.login.user} and, through it, ${[member, taking]
        .map(({ login }) => login.user)
        .sort()
        .join(", ")}: apply takes select on public.patient away`,
    ])
    await host.apply()
    for (const { run } of [member, group])
      await expect(run("select from patient")).rejects.toMatchObject({ code: "42501" })
    await asAdmin(`alter role ${member.login.user} bypassrls; grant select on patient to ${group.login.user}`)
    expect(await named()).toEqual([])
    await host.apply()
    for (const { run } of [member, group]) expect(await run("select from patient")).toBe(2)
  })

  it("end with what was passed on to them, and only they", async () => {
    await host.apply()
    const [reports, backup, second] = [await old("passing"), await old("backup"), await old("second")]
    const [exempt, reader] = [await old("exempt"), await old("reader")]
    await asAdmin(`alter role ${backup.login.user} bypassrls; alter role ${second.login.user} bypassrls; alter role ${exempt.login.user} bypassrls;
      grant select on patient to ${reports.login.user}, ${exempt.login.user} with grant option`)
    await reports.run(`grant select on patient to ${backup.login.user} with grant option`)
    await backup.run(`grant select on patient to ${second.login.user}`)
    await exempt.run(`grant select on patient to ${reader.login.user}, public`)
    await host.apply()
    for (const { run } of [backup, second, exempt]) expect(await run("select from patient")).toBe(2)
    for (const { run } of [reports, reader])
      await expect(run("select from patient")).rejects.toMatchObject({ code: "42501" })
    expect((await host.plan()).steps).toEqual([])
    expect(await exempt.run(`grant select on patient to ${reader.login.user}`)).toBeNull()
    await expect(reader.run("select from patient")).rejects.toMatchObject({ code: "42501" })
  })

  it("get nothing from a role of ours, which keeps what it has and passes nothing on", async () => {
    await host.apply()
    const doctor = roleNames(host.policy).role("doctor")
    const given = await old("given")
    await asAdmin(`grant select on patient to ${doctor} with grant option; set role ${doctor};
      grant select on patient to ${given.login.user}; reset role`)
    expect((await host.plan()).steps.map(({ sql }) => sql)).toContain(
      `revoke grant option for select on "public"."patient" from "${doctor}" cascade`,
    )
    await host.apply()
    await expect(given.run("select from patient")).rejects.toMatchObject({ code: "42501" })
    expect((await host.plan()).steps).toEqual([])
    const [kept] = (
      await asAdmin(`select has_table_privilege('${doctor}', 'patient', 'SELECT') as reads,
      has_table_privilege('${doctor}', 'patient', 'SELECT WITH GRANT OPTION') as grants`)
    ).rows
    expect(kept).toEqual({ reads: true, grants: false })
  })

  it("lose what somebody granted them on Wardkeep's own tables, which no policy keeps from being emptied", async () => {
    await host.apply()
    const stranger = await old("emptying")
    await asAdmin(`grant usage on schema wardkeep to ${stranger.login.user};
      grant truncate on wardkeep.narrowing to ${stranger.login.user}; grant truncate on wardkeep.token to public`)
    await stranger.run("truncate wardkeep.narrowing")
    await host.apply()
    for (const table of ["narrowing", "token"])
      await expect(stranger.run(`truncate wardkeep.${table}`), table).rejects.toMatchObject({ code: "42501" })
    expect((await host.plan()).steps).toEqual([])
    await asAdmin(`revoke usage on schema wardkeep from ${stranger.login.user}`)
  })

  it("may not call what Wardkeep makes, by default privileges or a grant", async () => {
    const caller = await old("caller")
    const schemaOf = `grant usage on schema wardkeep_lookup to ${caller.login.user}`
    await host.asOwner((owner) =>
      owner.query(`alter default privileges grant execute on functions to ${caller.login.user}`),
    )
    const policy = parsePolicy({
      ...doc,
      lookups: { by_name: { table: "patient", by: "name", returns: ["clinic_id"] } },
    })
    await host.apply(policy)
    await asAdmin(schemaOf)
    const call = () => caller.run("select wardkeep_lookup.by_name('x')")
    await expect(call()).rejects.toMatchObject({ code: "42501" })
    await host.asOwner((owner) =>
      owner.query(`alter default privileges revoke execute on functions from ${caller.login.user}`),
    )
    expect((await host.plan(policy)).steps).toEqual([])
    await asAdmin(`grant execute on function wardkeep_lookup.by_name(text) to ${caller.login.user}`)
    expect(await call()).toBe(0)
    await host.apply(policy)
    await expect(call()).rejects.toMatchObject({ code: "42501" })
  })

  it("keep a grant on a table that leaves the policy file", async () => {
    const reports = await old("returning")
    const released = parsePolicy({
      ...doc,
      tables: { drug: { scope: "global" } },
      roles: { doctor: { purposes: ["care"], can: { drug: "read" } } },
    })
    await host.apply(released)
    await host.asOwner((owner) => owner.query(`grant select on patient to ${reports.login.user}`))
    await host.apply(released)
    expect(await reports.run("select from patient")).toBe(2)
  })
})
