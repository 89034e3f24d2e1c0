import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { withLogin } from "#tests/fixture/clinic.ts"
import { document, installHost } from "#tests/fixture/host.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const key = { id: "k001", secret: Buffer.alloc(32, 7) }
const schema = `
create table clinic (id text primary key);
create table branch (id text primary key, clinic_id text not null references clinic);
create table patient (clinic_id text not null, branch_id text not null, id int not null, name text, hiv_status text,
  primary key (clinic_id, branch_id, id));
insert into clinic values ('a');
insert into branch values ('a1', 'a');
insert into patient values ('a', 'a1', 1, 'Asha', 'positive'), ('a', 'a1', 2, 'Ravi', 'negative')`
const doc = document({
  tables: { patient: { scope: "branch" } },
  roles: {
    reception: {
      purposes: ["care"],
      can: { patient: { read: ["clinic_id", "branch_id", "id", "name"], update: ["name"] } },
    },
  },
})
let app: pg.Client
let reception: Grant

beforeAll(async () => {
  const host = await installHost(database.ownerUrl, schema, doc)
  await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
  await host.apply()
  const asked = { role: "reception", tenant: "a", branches: ["a1"] }
  const [grant] = await issueBySql(database.adminUrl, { logins: host.logins, key }, [asked])
  reception = grant!
  app = new pg.Client({
    connectionString: withLogin(database.adminUrl, host.logins.app),
    options: '-c search_path="$user",public',
  })
  await app.connect()
})

afterAll(async () => await app.end())

const rows = async (sql: string) => (await inContext(app, reception, () => app.query(sql))).rows

// Without the client, which refuses these: see client/hidden.
describe("a column that the role may not see, asked through its view by SQL alone", () => {
  it("is NULL in every row, so filters find nothing or everything, and no order or groups, without an error", async () => {
    expect(await rows("select id from patient where hiv_status = 'positive'")).toEqual([])
    expect(await rows("select id from patient where hiv_status <> 'positive'")).toEqual([])
    expect(await rows("select id from patient where hiv_status is null")).toHaveLength(2)
    expect(await rows("select id from patient order by hiv_status desc, id")).toEqual([{ id: 1 }, { id: 2 }])
    expect(await rows("select hiv_status, count(*)::int as n from patient group by 1")).toEqual([
      { hiv_status: null, n: 2 },
    ])
    expect(await rows("update patient set name = name where hiv_status is null returning id")).toHaveLength(2)
  })

  it("stands under a setting that nobody can make, also not a superuser", async () => {
    const setting = "wk hidden: public.patient/hiv_status"
    const made = `"${setting}" to 'positive'`
    const admin = new pg.Client({ connectionString: database.adminUrl })
    await admin.connect()
    const refused = { code: "42602" }
    const role = reception.db_role
    await expect(admin.query("select set_config($1, 'positive', false)", [setting])).rejects.toMatchObject(refused)
    await expect(rows(`select set_config('${setting}', 'positive', true)`)).rejects.toMatchObject(refused)
    for (const text of [`alter role "${role}" set ${made}`, `alter database "${admin.database}" set ${made}`])
      await expect(admin.query(text), text).rejects.toMatchObject(refused)
    await admin.end()
    const options = `-c ${setting.replaceAll(" ", "\\ ")}=positive`
    await expect(new pg.Client({ connectionString: database.adminUrl, options }).connect()).rejects.toThrow(setting)
    expect(await rows("select distinct hiv_status from patient")).toEqual([{ hiv_status: null }])
  })

  it("is an error on the table itself, and the server says which columns are hidden", async () => {
    await expect(rows("select id from public.patient where hiv_status is null")).rejects.toMatchObject({
      code: "42501",
    })
    const hidden = `select a.attname::text as name from pg_attribute a where a.attrelid = 'public.patient'::regclass
      and a.attnum > 0 and not a.attisdropped and not has_column_privilege(a.attrelid, a.attnum, 'select')`
    expect(await rows(hidden)).toEqual([{ name: "hiv_status" }])
  })
})
