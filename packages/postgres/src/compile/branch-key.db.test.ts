import { randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const tables = { patient: { scope: "branch" } }
const roles = { doctor: { purposes: ["care"], can: { patient: "read" } } }

async function withBranches(branch: string, work: (host: Host, url: string) => Promise<void>): Promise<void> {
  const schema = `create table clinic (id int primary key);
    ${branch};
    create table patient (clinic_id int not null, branch_id int not null, id int not null, primary key (clinic_id, branch_id, id));
    insert into clinic values (1), (2);
    insert into branch (id, code, clinic_id) values (1, 13, 1), (3, 11, 2), (4, 14, 2)`
  await withFreshHost(database, schema, document({ tables, roles }), (host, { adminUrl }) => work(host, adminUrl))
}

const known = (url: string) =>
  connected(url, async (admin) => {
    const { rows } = await admin.query<{ branch: string }>("select branch from wardkeep.known_branch order by branch")
    return rows.map(({ branch }) => branch)
  })

describe("the column that names a branch", () => {
  const referring = `create table room (id int primary key, branch_code int references branch (code))`
  it.each([
    [
      "its primary key, though another unique column was there first",
      "create table branch (code int unique, id int, clinic_id int not null references clinic); alter table branch add primary key (id)",
    ],
    [
      "what the primary key holds beside the tenant",
      "create table branch (code int unique, id int unique, clinic_id int not null references clinic, primary key (clinic_id, id))",
    ],
    [
      "the only unique column there is",
      "create table branch (code int, id int unique, clinic_id int not null references clinic)",
    ],
  ])("is %s", (_what, branch) =>
    withBranches(branch, async (host, url) => {
      await host.apply()
      expect(await known(url)).toEqual(["1", "3", "4"])
    }),
  )

  it("is what foreign keys refer to, where the primary key does not say", () =>
    withBranches(
      `create table branch (id int unique, code int unique, clinic_id int not null references clinic); ${referring}`,
      async (host, url) => {
        await host.apply({ ...host.policy, rest: "unmanaged" })
        expect(await known(url)).toEqual(["11", "13", "14"])
      },
    ))

  it("is what the branch column of other tables refers to, whatever the primary key is", () =>
    withBranches(
      "create table branch (id int unique, code int primary key, clinic_id int not null references clinic)",
      async (host, url) => {
        await host.asOwner((owner) =>
          owner.query("alter table patient add foreign key (branch_id) references branch (id)"),
        )
        await host.apply()
        expect(await known(url)).toEqual(["1", "3", "4"])
      },
    ))

  it("leaves nothing behind when it becomes another one", () =>
    withBranches(
      "create table branch (code int unique, id int primary key, clinic_id int not null references clinic)",
      async (host, url) => {
        await host.apply()
        expect(await known(url)).toEqual(["1", "3", "4"])
        await host.asOwner((owner) =>
          owner.query(
            "alter table branch drop constraint branch_pkey, alter code set not null; alter table branch add primary key (code)",
          ),
        )
        await host.apply()
        expect(await known(url)).toEqual(["11", "13", "14"])
        expect((await host.plan()).steps).toEqual([])
      },
    ))

  it("ends every session when it becomes another one: the same value may name another branch", () =>
    withBranches(
      "create table branch (code int unique, id int primary key, clinic_id int not null references clinic)",
      async (host, url) => {
        const key = { id: "k001", secret: randomBytes(32) }
        await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
        await host.apply()
        await issueBySql(url, { ...host, key }, [{ role: "doctor", tenant: "1", branches: ["1"] }])
        const sessions = () =>
          connected(url, async (admin) => (await admin.query("select from wardkeep.token")).rowCount)
        // The same policy again ends nobody's.
        await host.apply()
        expect(await sessions()).toBe(1)
        await connected(url, (admin) => admin.query("alter table branch disable trigger user"))
        await connected(url, (admin) =>
          admin.query(`insert into branch (id, code, clinic_id) values (9, 1, 1);
            alter table branch drop constraint branch_pkey, alter code set not null, add primary key (code);
            alter table branch enable trigger user`),
        )
        await host.apply()
        expect(await known(url)).toContain("1")
        expect(await sessions()).toBe(0)
        expect((await host.plan()).steps).toEqual([])
      },
    ))

  it("is asked for where branch columns refer to two of them", () =>
    withBranches(
      "create table branch (id int primary key, code int unique, clinic_id int not null references clinic)",
      async (host) => {
        await host.asOwner((owner) =>
          owner.query(`alter table patient add foreign key (branch_id) references branch;
            create table room (branch_id int references branch (code))`),
        )
        await expect(host.plan({ ...host.policy, rest: "unmanaged" })).rejects.toMatchObject({ code: "WK008" })
      },
    ))

  it("is asked for where nothing says which", () =>
    withBranches(
      "create table branch (id int unique, code int unique, clinic_id int not null references clinic)",
      async (host) => {
        await expect(host.plan()).rejects.toMatchObject({
          code: "WK008",
          message: expect.stringMatching(/branch has several unique columns, (id, code|code, id)/),
        })
      },
    ))
})

describe("keys that two rows may exchange in one statement", () => {
  const plain = "create table branch (id int primary key, code int unique, clinic_id int not null references clinic)"
  const deferrable = (table: string): string =>
    `alter table ${table} drop constraint ${table}_pkey cascade, add primary key (id) deferrable`

  it.each(["clinic", "branch"])("are refused for the table %s, with the statement that mends it", (table) =>
    withBranches(plain, async (host) => {
      await host.asOwner((owner) => owner.query(deferrable(table)))
      const refused = await host.plan().catch((error: unknown) => error)
      expect(refused).toMatchObject({
        code: "WK008",
        message: expect.stringContaining(`public.${table} has a deferrable`),
      })
      const hint = String(Reflect.get(Object(refused), "hint"))
      await host.asOwner((owner) => owner.query(hint))
      await host.apply()
    }),
  )

  it("are not, where another unique index of the same column forbids it", () =>
    withBranches(plain, async (host, url) => {
      await host.asOwner((owner) => owner.query(`${deferrable("clinic")}; create unique index on clinic (id)`))
      await host.apply()
      const swap = connected(url, (admin) => admin.query("update clinic set id = 3 - id where id in (1, 2)"))
      await expect(swap).rejects.toMatchObject({ code: "23505" })
    }))
})
