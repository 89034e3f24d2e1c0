import { parsePolicy, roleNames } from "@wardkeep/core"
import { drift } from "@wardkeep/postgres/migrate"
import { describe, expect, it } from "vitest"
import { connected, type Login, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()

const schema = `
create table clinic (id int primary key);
create table branch (id int primary key, clinic_id int not null references clinic);
create table drug (id int primary key, name text);
create table patient (clinic_id int not null, branch_id int not null, id int not null, name text, phone text, hiv_status text,
  primary key (clinic_id, branch_id, id));
insert into clinic values (1); insert into branch values (1, 1); insert into drug values (1, 'A');
insert into patient values (1, 1, 1, 'Asha', '1', 'x');`

const doc = document({
  rest: "unmanaged",
  tables: { drug: { scope: "global" }, patient: { scope: "branch" } },
  lookups: { by_phone: { table: "patient", by: "phone", returns: ["clinic_id"] } },
  roles: {
    doctor: { purposes: ["care"], can: { patient: "manage", drug: "read" } },
    clerk: { purposes: ["care"], can: { patient: { read: ["clinic_id", "branch_id", "id", "name"] } } },
  },
})

interface Used {
  readonly host: Host
  readonly asAdmin: (sql: string) => Promise<Record<string, unknown>[]>
  readonly as: (login: Login, sql: string) => Promise<number | null>
  readonly login: (attributes?: string) => Promise<Login>
  readonly holds: (sql: string) => Promise<unknown>
  /** One apply mends it, and a second one finds nothing. */
  readonly mended: () => Promise<void>
}

/** How many grants on columns PUBLIC has. */
const openColumns = (table: string) =>
  `(select count(*)::int from pg_attribute a, aclexplode(a.attacl) x where a.attrelid = '${table}'::regclass and x.grantee = 0)`

async function withHost(work: (used: Used) => Promise<void>): Promise<void> {
  const logins: Login[] = []
  await withFreshHost(database, schema, doc, async (host, { adminUrl }) => {
    const asAdmin = async (sql: string) =>
      await connected(adminUrl, async (admin) => (await admin.query<Record<string, unknown>>(sql)).rows)
    const as = (login: Login, sql: string) =>
      connected(withLogin(adminUrl, login), async (client) => (await client.query(sql)).rowCount)
    const login = async (attributes = "inherit") => {
      const made = await database.cluster.login({ label: "given", attributes: "inherit" })
      logins.push(made)
      await asAdmin(`alter role ${made.user} ${attributes}`)
      return made
    }
    const holds = async (sql: string) => (await asAdmin(`select ${sql} as held`))[0]?.held
    const mended = async () => {
      await host.apply()
      expect((await host.plan()).steps).toEqual([])
    }
    await host.apply()
    try {
      await work({ host, asAdmin, as, login, holds, mended })
    } finally {
      for (const { user } of logins) await asAdmin(`drop owned by ${user} cascade`)
    }
  })
  await connected(database.adminUrl, async (admin) => {
    for (const { user } of logins) await admin.query(`drop role ${user}`)
  })
}

describe("columns passed on by a role that may pass on the whole table", () => {
  it.each([
    ["inherit", false],
    ["bypassrls", true],
  ])("end, the role being %s", async (attributes, keeps) => {
    await withHost(async ({ asAdmin, as, login, holds, mended }) => {
      const [giver, second, last] = [await login(attributes), await login(), await login()]
      await asAdmin(`grant select, update on patient to ${giver.user} with grant option`)
      await as(giver, `grant select (name, phone), update (name) on patient to public`)
      await as(
        giver,
        `grant update on patient to ${second.user} with grant option; grant select (name) on patient to ${second.user}`,
      )
      await as(second, `grant update (phone) on patient to ${last.user}, public`)
      await mended()
      for (const each of [second, last])
        for (const sql of ["select name from patient", "update patient set phone = '2'"])
          await expect(as(each, sql), sql).rejects.toMatchObject({ code: "42501" })
      expect(await holds(`has_table_privilege('${giver.user}', 'patient', 'SELECT')`)).toBe(keeps)
      expect(await holds(openColumns("patient"))).toBe(0)
    })
  })

  it("end also where the whole table was taken from it by hand before", async () => {
    await withHost(async ({ asAdmin, as, login, holds, mended }) => {
      const giver = await login()
      await asAdmin(`grant select on patient to ${giver.user} with grant option`)
      await as(giver, `grant select (name) on patient to public`)
      await asAdmin(`revoke all on patient from ${giver.user} cascade`)
      await mended()
      expect(await holds(`has_column_privilege('${giver.user}', 'patient', 'name', 'SELECT')`)).toBe(false)
    })
  })

  it("end with a role of ours too, which keeps what it has", async () => {
    await withHost(async ({ host, asAdmin, login, holds, mended }) => {
      const names = roleNames(host.policy)
      const [doctor, clerk] = [names.role("doctor"), names.role("clerk")]
      const given = await login()
      await asAdmin(
        `grant select on patient to ${doctor} with grant option; grant select (name) on patient to ${clerk} with grant option`,
      )
      await asAdmin(`grant select on patient to ${clerk} with grant option; set role ${clerk};
        grant select (name, hiv_status) on patient to ${given.user}, public; reset role;
        set role ${doctor}; grant select (hiv_status) on patient to ${clerk}, ${given.user}; reset role`)
      await mended()
      for (const role of [clerk, given.user])
        expect(await holds(`has_column_privilege('${role}', 'patient', 'hiv_status', 'SELECT')`), role).toBe(false)
      expect(await holds(`has_column_privilege('${given.user}', 'patient', 'name', 'SELECT')`)).toBe(false)
      expect(await holds(`has_column_privilege('${clerk}', 'patient', 'name', 'SELECT')`)).toBe(true)
      expect(await holds(`has_table_privilege('${doctor}', 'patient', 'SELECT')`)).toBe(true)
    })
  })

  it("end through a chain of logins that keep what they have, on a table without a fence too", async () => {
    await withHost(async ({ asAdmin, as, login, holds, mended }) => {
      const [first, second, third] = [await login("bypassrls"), await login("bypassrls"), await login("bypassrls")]
      for (const table of ["patient", "drug"]) {
        await asAdmin(`grant select on ${table} to ${first.user} with grant option`)
        await as(first, `grant select on ${table} to ${second.user} with grant option`)
        await as(second, `grant select on ${table} to ${third.user} with grant option`)
        await as(third, `grant select (name) on ${table} to public`)
      }
      await mended()
      for (const table of ["patient", "drug"]) {
        for (const { user } of [first, second])
          expect(await holds(`has_table_privilege('${user}', '${table}', 'SELECT')`)).toBe(true)
        expect(await holds(`has_column_privilege('${third.user}', '${table}', 'name', 'SELECT')`)).toBe(true)
        expect(await holds(openColumns(table))).toBe(0)
      }
    })
  })
})

it("what a role of ours should not have, and passed on, ends", async () => {
  await withHost(async ({ host, asAdmin, login, holds, mended }) => {
    const doctor = roleNames(host.policy).role("doctor")
    const given = await login()
    await asAdmin(`grant truncate on patient to ${doctor} with grant option; set role ${doctor};
      grant truncate on patient to ${given.user}; reset role`)
    await mended()
    for (const role of [doctor, given.user])
      expect(await holds(`has_table_privilege('${role}', 'patient', 'TRUNCATE')`)).toBe(false)
  })
})

describe("functions of Wardkeep passed on", () => {
  it("end with the option, and whoever they are for keeps them", async () => {
    await withHost(async ({ host, asAdmin, as, login, holds, mended }) => {
      const { app, issuer } = roleNames(host.policy)
      const stranger = await login()
      const issue = "wardkeep.issue_session(text,text,bytea)"
      const lookup = "wardkeep_lookup.by_phone(text)"
      await asAdmin(`grant usage on schema wardkeep, wardkeep_lookup to ${stranger.user};
        grant execute on function wardkeep.tenant(), ${issue}, ${lookup} to ${stranger.user} with grant option;
        revoke execute on function ${issue}, ${lookup} from ${issuer};
        grant execute on function ${issue}, ${lookup} to ${issuer} with grant option`)
      await as(stranger, `grant execute on function wardkeep.tenant(), ${issue}, ${lookup} to ${app}, public`)
      await asAdmin(`set role ${issuer}; grant execute on function ${issue}, ${lookup} to ${app}, public; reset role`)
      await mended()
      const may = (role: string, name: string, option = "") =>
        holds(`has_function_privilege('${role}', '${name}', 'EXECUTE${option}')`)
      for (const name of [issue, "wardkeep.tenant()", lookup]) expect(await may(stranger.user, name), name).toBe(false)
      expect([await may(app, issue), await may(issuer, issue), await may(issuer, issue, " WITH GRANT OPTION")]).toEqual(
        [false, true, false],
      )
      expect([await may(app, lookup), await may(issuer, lookup)]).toEqual([true, true])
      expect(await may(issuer, lookup, " WITH GRANT OPTION")).toBe(false)
    })
  })
})

describe("default privileges of the owner", () => {
  const opened = (kind: string, who: string) => `alter default privileges grant all on ${kind} to ${who}`

  it("open neither views nor schemas that apply makes: not even to create there, before everything on a role's path", async () => {
    await withFreshHost(database, schema, doc, async (host, { adminUrl }) => {
      const names = roleNames(host.policy)
      const [clerk, doctor] = [names.role("clerk"), names.role("doctor")]
      await host.asOwner(async (owner) => {
        for (const kind of ["schemas", "tables", "functions"])
          for (const who of ["public", doctor]) await owner.query(opened(kind, who))
      })
      await host.apply()
      expect((await host.plan()).steps).toEqual([])
      const held = () =>
        connected(adminUrl, async (admin) => {
          const { rows } = await admin.query<Record<string, boolean>>(`select
            has_schema_privilege('${doctor}', '${clerk}', 'USAGE') as "view schema", has_schema_privilege('${names.app}', '${clerk}', 'CREATE') as "create",
            has_schema_privilege('${doctor}', 'wardkeep_lookup', 'USAGE') as lookups, has_schema_privilege('${names.app}', 'wardkeep_lookup', 'CREATE') as "create look-ups",
            has_table_privilege('${doctor}', '${clerk}.patient', 'SELECT') as view, has_table_privilege('${names.app}', '${clerk}.patient', 'SELECT') as "view to all",
            has_table_privilege('${clerk}', '${clerk}.patient', 'SELECT') as own, has_schema_privilege('${names.app}', 'wardkeep_lookup', 'USAGE') as "own look-ups"`)
          return Object.entries(rows[0] ?? {}).flatMap(([name, is]) => (is ? [name] : []))
        })
      expect(await held()).toEqual(["own", "own look-ups"])
      await connected(adminUrl, (admin) =>
        admin.query(`grant all on schema ${clerk}, wardkeep_lookup, wardkeep to public, ${doctor}; grant select on ${clerk}.patient to public, ${doctor};
          revoke usage on schema wardkeep_lookup from ${names.app}`),
      )
      expect((await host.plan()).steps.map(({ sql }) => sql)).toContain(
        `revoke create on schema "${clerk}" from public`,
      )
      await host.apply()
      expect(await held()).toEqual(["own", "own look-ups"])
      expect((await host.plan()).steps).toEqual([])
      // Through somebody whom no policy stops, and who keeps what is his.
      await connected(adminUrl, (admin) =>
        admin.query(`create role keeps_${names.app} bypassrls;
          grant create, usage on schema wardkeep to keeps_${names.app} with grant option;
          set role keeps_${names.app}; grant create on schema wardkeep to ${names.app}; reset role`),
      )
      const changed = await host.asOwner((client) => drift({ client, policy: host.policy }))
      expect(changed.map(({ object }) => object)).toContain(`acl schema wardkeep ${names.app}`)
      await host.apply()
      const creates = (who: string) =>
        connected(adminUrl, async (admin) => {
          const { rows } = await admin.query<{ may: boolean }>(
            `select has_schema_privilege('${who}', 'wardkeep', 'CREATE') as may`,
          )
          return rows[0]?.may
        })
      expect([await creates(names.app), await creates(`keeps_${names.app}`)]).toEqual([false, true])
      expect((await host.plan()).steps).toEqual([])
      await connected(adminUrl, (admin) =>
        admin.query(`drop owned by keeps_${names.app}; drop role keeps_${names.app}`),
      )
      const narrower = parsePolicy({ ...doc, lookups: {} })
      await host.apply(narrower)
      expect((await host.plan(narrower)).steps).toEqual([])
    })
  })
})
