import { WardkeepError } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { catalogDigest, document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { emit } from "../migrate/index.js"

const database = useDatabase()
const id = (n: number | string): string => `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`

/** Two clinics with a branch each, and visits whose ids begin at 1 in each of them. */
const clinics = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table visit (clinic_id uuid not null, branch_id uuid not null, id int not null, primary key (clinic_id, branch_id, id));
insert into clinic values ('${id("a")}'), ('${id("b")}');
insert into branch values ('${id("a1")}', '${id("a")}'), ('${id("b1")}', '${id("b")}');
insert into visit values ('${id("a")}', '${id("a1")}', 1), ('${id("b")}', '${id("b1")}', 1), ('${id("b")}', '${id("b1")}', 2);`

const tables = { visit: { scope: "branch" }, note: { scope: { through: "visit", by: "visit_id" } } }
const roles = { doctor: { purposes: ["care"], can: { visit: "manage", note: "manage" } } }

async function withHost(schema: string, work: (host: Host, url: string) => Promise<void>): Promise<void> {
  await withFreshHost(database, schema, document({ tables, roles }), (host, { adminUrl }) => work(host, adminUrl))
}

async function refusal(work: () => Promise<unknown>): Promise<WardkeepError> {
  const error: unknown = await work().then(
    () => undefined,
    (thrown) => thrown,
  )
  if (error instanceof WardkeepError) return error
  throw new Error(`not refused: ${String(error)}`)
}

const rowsOf = async (url: string, sql: string) =>
  (await connected(url, (admin) => admin.query<Record<string, unknown>>(sql))).rows

/** The query that a message ends with. */
const queryIn = (error: WardkeepError): string => error.message.slice(error.message.indexOf("select "))

describe("a table that takes its scope from a parent", () => {
  it("is refused where a row fits rows of two tenants, with a query that lists it, and nothing is changed", async () => {
    const schema = `${clinics}
      create table note (id int primary key, visit_id int not null, body text);
      insert into note values (1, 1, 'note of A'), (2, 1, 'note of B'), (3, 2, 'surely of B');`
    await withHost(schema, async (host, url) => {
      const before = await catalogDigest(url)
      const error = await refusal(host.apply)
      expect(error).toMatchObject({
        code: "WK304",
        message: expect.stringContaining("public.note: rows fit more than one row of public.visit, whose id repeats"),
        hint: expect.stringContaining("Add clinic_id and branch_id to public.note yourself"),
      })
      expect(await rowsOf(url, `${queryIn(error)} order by id`)).toMatchObject([{ id: 1 }, { id: 2 }])
      expect(await catalogDigest(url)).toBe(before)
      const text = emit(await host.plan())
      await expect(host.asOwner((owner) => owner.query(text))).rejects.toMatchObject({ code: "WK304" })
      expect(await catalogDigest(url)).toBe(before)

      await host.asOwner((owner) =>
        owner.query(`alter table note add clinic_id uuid, add branch_id uuid;
          update note set clinic_id = '${id("a")}', branch_id = '${id("a1")}' where id = 1;
          update note set clinic_id = '${id("b")}', branch_id = '${id("b1")}' where id <> 1`),
      )
      await host.apply()
      expect((await host.plan()).steps).toEqual([])
    })
  })

  it("goes by the scope that the row has already, and by ids that repeat where no row asks for them", async () => {
    const schema = `${clinics}
      create table note (id int primary key, clinic_id uuid not null, visit_id int not null);
      insert into note values (1, '${id("a")}', 1), (2, '${id("b")}', 1), (3, '${id("b")}', 2);`
    await withHost(schema, async (host, url) => {
      await host.apply()
      expect(await rowsOf(url, "select id, branch_id from note order by id")).toEqual([
        { id: 1, branch_id: id("a1") },
        { id: 2, branch_id: id("b1") },
        { id: 3, branch_id: id("b1") },
      ])
    })
    await withHost(
      `${clinics} create table note (id int primary key, visit_id int not null); insert into note values (3, 2);`,
      async (host, url) => {
        await host.apply()
        expect(await rowsOf(url, "select clinic_id, branch_id from note")).toEqual([
          { clinic_id: id("b"), branch_id: id("b1") },
        ])
      },
    )
  })

  it("goes by the columns of the host's foreign key, which need not be the primary key", async () => {
    const schema = `${clinics}
      alter table visit add number text, add part int, add unique (number, part);
      update visit set number = 'n' || (clinic_id = '${id("a")}'), part = id;
      create table note (id int primary key, visit_id text not null, part int not null, foreign key (visit_id, part) references visit (number, part));
      insert into note select row_number() over (order by clinic_id, id), number, part from visit;`
    await withHost(schema, async (host, url) => {
      await host.apply()
      expect(await rowsOf(url, "select id, branch_id from note order by id")).toEqual([
        { id: 1, branch_id: id("a1") },
        { id: 2, branch_id: id("b1") },
        { id: 3, branch_id: id("b1") },
      ])
      expect((await host.plan()).steps).toEqual([])
    })
  })

  it("names a parent that one column cannot tell, when the plan is made", async () => {
    const schema = `${clinics.replace("primary key (clinic_id, branch_id, id)", "part int not null default 1, primary key (clinic_id, branch_id, id, part)").replaceAll(", 1)", ", 1, 1)").replace(", 2);", ", 2, 1);")}
      create table note (id int primary key, visit_id int not null);`
    await withHost(schema, async (host) => {
      expect(await refusal(host.plan)).toMatchObject({
        code: "WK008",
        message: expect.stringContaining("public.visit is known by id, part together"),
      })
    })
  })

  it("names rows whose parent is not there, with a query that lists them", async () => {
    const schema = `${clinics} create table note (id int primary key, visit_id int not null); insert into note values (1, 2), (7, 70);`
    await withHost(schema, async (host, url) => {
      const error = await refusal(host.apply)
      expect(error).toMatchObject({ code: "WK304", message: expect.stringContaining("public.note.clinic_id") })
      expect(await rowsOf(url, queryIn(error))).toEqual([{ id: 7, visit_id: 70 }])
    })
  })
})
