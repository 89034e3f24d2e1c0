import { Client } from "pg"
import { afterAll, afterEach, expect, test } from "vitest"
import { attachCluster, leftoverSessions, startCluster, urlFor, withClient } from "../src/index.ts"
import { useDatabase } from "../src/use-database.ts"

const db = useDatabase()
const cleanUp: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const work of cleanUp.splice(0).reverse()) await work()
})
afterAll(() => {
  delete process.env.WARDKEEP_DATABASE_URL
})

async function one<T>(url: string, sql: string): Promise<T | undefined> {
  return withClient(url, async (client) => (await client.query<{ value: T }>(sql)).rows[0]?.value)
}

test("speaks UTF8, UTC and scram, and sorts by code point", async () => {
  const setting = (name: string) => one<string>(db.adminUrl, `select current_setting('${name}') as value`)
  expect(await setting("server_encoding")).toBe("UTF8")
  expect(await setting("TimeZone")).toBe("UTC")
  expect(await setting("password_encryption")).toBe("scram-sha-256")
  expect(await one<boolean>(db.adminUrl, "select 'B' < 'a' as value")).toBe(true)
  expect(await one<string>(db.adminUrl, "select upper('é') as value")).toBe("É")
})

test("refuses a wrong password", async () => {
  const { user } = await db.cluster.login()
  const attempt = one(db.url({ user, password: "wrong" }), "select 1 as value")
  await expect(attempt).rejects.toMatchObject({ code: "28P01" })
})

test("gives an administrator with CREATEROLE and CREATEDB and nothing more", async () => {
  const admin = await db.cluster.limitedAdmin()
  const attributes = await one(
    admin.url(db.databaseName),
    `select array[rolcreaterole, rolcreatedb, rolcanlogin, rolsuper, rolbypassrls, rolreplication] as value
       from pg_roles where rolname = current_user`,
  )
  expect(attributes).toEqual([true, true, true, false, false, false])
  await expect(one(admin.url(), "select pg_read_file('PG_VERSION') as value")).rejects.toMatchObject({
    code: "42501",
  })
})

test("creates a database that the limited administrator owns", async () => {
  const admin = await db.cluster.limitedAdmin()
  const database = await db.cluster.database(undefined, { owner: admin.user })
  cleanUp.push(admin.drop, database.drop)
  expect(
    await one(
      database.url(admin),
      "select pg_get_userbyid(datdba) = current_user as value from pg_database where datname = current_database()",
    ),
  ).toBe(true)
})

test("a clone has the privileges and settings of its template", async () => {
  const reader = await db.cluster.login()
  const admin = await db.cluster.limitedAdmin()
  const template = await db.cluster.database()
  cleanUp.push(reader.drop, admin.drop, template.drop)
  await withClient(db.cluster.admin, async (client) => {
    await client.query(`revoke temp, connect on database ${template.name} from public`)
    await client.query(`grant connect on database ${template.name} to ${reader.user}`)
    await client.query(`alter database ${template.name} set search_path = "odd, name", public`)
    await client.query(`alter role ${reader.user} in database ${template.name} set statement_timeout = '7s'`)
  })
  const clone = await db.cluster.database(undefined, { template: template.name, owner: admin.user })
  cleanUp.push(clone.drop)
  expect(await one(clone.url(reader), "select current_setting('search_path') as value")).toBe('"odd, name", public')
  expect(await one(clone.url(reader), "select current_setting('statement_timeout') as value")).toBe("7s")
  await expect(one(clone.url(reader), "create temp table t ()")).rejects.toMatchObject({ code: "42501" })
  const stranger = await db.cluster.login()
  cleanUp.push(stranger.drop)
  await expect(one(clone.url(stranger), "select 1 as value")).rejects.toMatchObject({ code: "42501" })
})

test("builds a template once, however many ask at the same time", async () => {
  let built = 0
  const names = await Promise.all(
    Array.from({ length: 4 }, () =>
      db.cluster.template("counted", async () => {
        built++
      }),
    ),
  )
  expect(new Set(names).size).toBe(1)
  expect(built).toBe(1)
})

test("a template whose building fails leaves nothing and can be tried again", async () => {
  const failing = db.cluster.template("broken", () => Promise.reject(new Error("planted")))
  await expect(failing).rejects.toThrow("planted")
  await db.cluster.template("broken", () => Promise.resolve())
})

test("finds a session that was not released", async () => {
  const database = await db.cluster.database()
  const client = new Client({ connectionString: database.adminUrl, application_name: "forgotten" })
  cleanUp.push(database.drop, () => client.end())
  await client.connect()
  await client.query("begin")
  const found = await leftoverSessions(db.cluster.admin, database.name, 0)
  expect(found).toMatchObject([{ application: "forgotten", state: "idle in transaction" }])
})

test("uses a server of the user's, and takes back what it put there", async () => {
  process.env.WARDKEEP_DATABASE_URL = db.cluster.admin
  const guest = await startCluster({ leg: "embedded18" })
  delete process.env.WARDKEEP_DATABASE_URL
  expect(guest.source).toBe("url")
  const database = await guest.database("clinic")
  const login = await guest.login()
  expect(await one(urlFor(guest.admin, database.name, login), "select current_user::text as value")).toBe(login.user)
  await guest.stop()
  const left = await one(
    db.cluster.admin,
    `select (select count(*) from pg_database where starts_with(datname, '${guest.prefix}'))
          + (select count(*) from pg_roles where starts_with(rolname, '${guest.prefix}')) as value`,
  )
  expect(left).toBe("0")
})

test("starts a server of its own for a leg that the user's server cannot be", async () => {
  process.env.WARDKEEP_DATABASE_URL = db.cluster.admin
  const own = await startCluster({ leg: "limited-admin" }).finally(() => delete process.env.WARDKEEP_DATABASE_URL)
  cleanUp.push(own.stop)
  expect(own.source).toBe("embedded")
})

test("another process can attach with plain data", async () => {
  const { leg, source, admin, serverVersionNum, prefix } = db.cluster
  const data = JSON.parse(JSON.stringify({ leg, source, admin, serverVersionNum, prefix }))
  const database = await attachCluster(data).database()
  cleanUp.push(database.drop)
  expect(await one(database.adminUrl, "select current_database() as value")).toBe(database.name)
})
