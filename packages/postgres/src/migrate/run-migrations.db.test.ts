import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parsePolicy, roleNames } from "@wardkeep/core"
import { migrate } from "postgres-migrations"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { catalogDigest, document } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { install, runMigrations } from "./index.js"

const database = useDatabase()
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wk-migrations-"))
  await writeFile(join(folder, "0001_good.sql"), "create table good (id int);")
  await writeFile(
    join(folder, "0002_bad.sql"),
    "create table half (id int);\ninsert into half values (1);\nselect 1 / 0;\ncreate table rest (id int);",
  )
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const tablesOf = (schema: string) =>
  connected(database.adminUrl, async (admin) => {
    const { rows } = await admin.query(
      "select relname from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by 1",
      [schema],
    )
    return rows.map((row) => row.relname)
  })

const policyOf = () => parsePolicy(document({ tables: {}, roles: {} }))

describe("a migration that fails half-way", () => {
  it("leaves nothing of its file, keeps the SQLSTATE, and goes on from there when corrected", async () => {
    await connected(database.ownerUrl, async (client) => {
      await client.query("create schema half_way")
      const run = () => runMigrations(client, [{ schema: "half_way", directory: folder }])
      await expect(run()).rejects.toMatchObject({
        code: "WK301",
        message: expect.stringMatching(/^22012: division by zero/),
        hint: expect.any(String),
      })
      expect(await tablesOf("half_way")).toEqual(["good", "migrations"])
      const { rows } = await client.query(
        "select count(*)::int as locks from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      )
      expect(rows).toEqual([{ locks: 0 }])
      await writeFile(join(folder, "0002_bad.sql"), "create table half (id int);")
      expect(await run()).toEqual(["0002_bad.sql"])
      expect(await run()).toEqual([])
    })
  })
})

describe("a host with migrations of its own", () => {
  const odd = "create table migrations (version bigint primary key, dirty boolean)"

  it.each([
    ["a table called migrations of another shape in public", odd],
    ["one in another schema", `create schema app; ${odd.replace("migrations", "app.migrations")}`],
  ])("%s is neither read nor changed", async (_what, sql) => {
    const fresh = await database.cluster.database(undefined, { owner: new URL(database.ownerUrl).username })
    try {
      const url = Object.assign(new URL(database.ownerUrl), { pathname: `/${fresh.name}` }).href
      await connected(url, async (admin) => {
        await admin.query(sql)
        const where = sql.includes("app.") ? "app.migrations" : "public.migrations"
        await admin.query(`insert into ${where} values (7, false)`)
        const policy = policyOf()
        expect((await install({ admin, policy })).migrations.length).toBeGreaterThan(0)
        const digest = await catalogDigest(fresh.adminUrl)
        expect((await install({ admin, policy })).migrations).toEqual([])
        expect(await catalogDigest(fresh.adminUrl)).toBe(digest)
        expect((await admin.query(`select * from ${where}`)).rows).toEqual([{ version: "7", dirty: false }])
        expect((await admin.query("show search_path")).rows).toEqual([{ search_path: '"$user", public' }])
      })
    } finally {
      await fresh.drop()
    }
  })

  it("postgres-migrations itself goes on before and after", async () => {
    const fresh = await database.cluster.database(undefined, { owner: new URL(database.ownerUrl).username })
    const own = await mkdtemp(join(tmpdir(), "wk-host-migrations-"))
    try {
      const url = Object.assign(new URL(database.ownerUrl), { pathname: `/${fresh.name}` }).href
      await writeFile(join(own, "1_first.sql"), "create table first (id int)")
      await connected(url, async (admin) => {
        await migrate({ client: admin }, own)
        await install({ admin, policy: policyOf() })
        await writeFile(join(own, "2_second.sql"), "create table second (id int)")
        expect((await migrate({ client: admin }, own)).map((m) => m.fileName)).toEqual(["2_second.sql"])
        const { rows } = await admin.query("select count(*)::int as n from public.migrations")
        expect(rows).toEqual([{ n: 3 }])
      })
    } finally {
      await rm(own, { recursive: true, force: true })
      await fresh.drop()
    }
  })
})

describe("a session that holds the lock without migrating", () => {
  it.each([
    ["the lock of ours", String(0x574b4d47)],
    ["the lock of postgres-migrations", "-8525285245963000605"],
  ])("%s: is named after the time that was given, and nothing is left locked", async (_which, key) => {
    await connected(database.adminUrl, async (other) => {
      await other.query("select pg_advisory_lock($1)", [key])
      const { rows } = await other.query("select pg_backend_pid() as pid, session_user::text as login")
      await connected(database.ownerUrl, async (client) => {
        await expect(runMigrations(client, [], 600)).rejects.toMatchObject({
          code: "WK301",
          detail: `pid ${rows[0].pid}, login ${rows[0].login}`,
          hint: expect.stringContaining("pg_terminate_backend"),
        })
        await other.query("select pg_advisory_unlock($1)", [key])
        expect(await runMigrations(client, [], 600)).toEqual([])
      })
    })
  })
})

describe("several at once", () => {
  it("two processes migrating one database run each file once", async () => {
    const policy = policyOf()
    const both = await Promise.all(
      [1, 2].map(() => connected(database.ownerUrl, (admin) => install({ admin, policy }))),
    )
    expect(both.flatMap((result) => result.migrations).filter((name) => name.startsWith("0001"))).toHaveLength(1)
  })

  it("packages in one call, with an index made concurrently, while another process does the same", async () => {
    const folders = await Promise.all(["one", "two"].map((name) => mkdtemp(join(tmpdir(), `wk-package-${name}-`))))
    try {
      const [one = "", two = ""] = folders
      await writeFile(join(one, "0001_table.sql"), "create table t (id int);")
      await writeFile(
        join(one, "0002_index.sql"),
        "-- postgres-migrations disable-transaction\ncreate index concurrently t_id on t (id);",
      )
      await writeFile(join(two, "0001_table.sql"), "create table u (id int);")
      const runs = [
        { schema: "package_one", directory: one },
        { schema: "package_two", directory: two },
      ]
      await connected(database.ownerUrl, (c) => c.query("create schema package_one; create schema package_two"))
      const both = await Promise.all([1, 2].map(() => connected(database.ownerUrl, (c) => runMigrations(c, runs))))
      const own = both.flat().filter((name) => !name.startsWith("0_"))
      expect(own.sort()).toEqual(["0001_table.sql", "0001_table.sql", "0002_index.sql"])
      expect([await tablesOf("package_one"), await tablesOf("package_two")]).toEqual([
        ["migrations", "t"],
        ["migrations", "u"],
      ])
    } finally {
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    }
  })

  it("four databases installing the same deployment share its roles", async () => {
    const policy = policyOf()
    const owner = new URL(database.ownerUrl).username
    const fresh = await Promise.all([1, 2, 3, 4].map(() => database.cluster.database(undefined, { owner })))
    try {
      await Promise.all(
        fresh.map(({ name }) =>
          connected(Object.assign(new URL(database.ownerUrl), { pathname: `/${name}` }).href, (admin) =>
            install({ admin, policy }),
          ),
        ),
      )
      const { rows } = await connected(database.adminUrl, (admin) =>
        admin.query("select count(*)::int as n from pg_roles where rolname like $1", [
          `${roleNames(policy).owner.slice(0, -5)}%`,
        ]),
      )
      expect(rows).toEqual([{ n: 4 }])
    } finally {
      for (const one of fresh) await one.drop()
    }
  })

  it("a second deployment in one database is refused, and neither roles nor privileges change", async () => {
    const policy = policyOf()
    const before = await catalogDigest(database.adminUrl)
    await expect(connected(database.ownerUrl, (admin) => install({ admin, policy }))).rejects.toMatchObject({
      code: "WK303",
      message: expect.stringContaining("a schema wardkeep exists and belongs to"),
    })
    expect(await catalogDigest(database.adminUrl)).toBe(before)
    const { rows } = await connected(database.adminUrl, (admin) =>
      admin.query("select from pg_roles where rolname = $1", [roleNames(policy).owner]),
    )
    expect(rows).toEqual([])
  })
})
