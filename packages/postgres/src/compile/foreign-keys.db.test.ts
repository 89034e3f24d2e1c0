import { WardkeepError } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const id = (n: string): string => `00000000-0000-0000-0000-${n.padStart(12, "0")}`

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table patient (clinic_id uuid not null, branch_id uuid not null, id int primary key, ward int not null, bed int not null, unique (ward, bed));
create table visit (clinic_id uuid not null, branch_id uuid not null, id int primary key, patient_id int, ward int, bed int);
insert into clinic values ('${id("a")}');
insert into branch values ('${id("a1")}', '${id("a")}'), ('${id("a2")}', '${id("a")}');
insert into patient values ('${id("a")}', '${id("a1")}', 1, 1, 1), ('${id("a")}', '${id("a2")}', 2, 1, 2);`
const tables = { patient: { scope: "branch" }, visit: { scope: "branch" } }
const roles = { doctor: { purposes: ["care"], can: { patient: "read", visit: "read" } } }

async function withHost(sql: string, work: (host: Host, url: string) => Promise<void>): Promise<void> {
  await withFreshHost(
    database,
    `${schema}
${sql}`,
    document({ tables, roles }),
    (host, { adminUrl }) => work(host, adminUrl),
  )
}

const rowsOf = async (url: string, sql: string) =>
  (await connected(url, (admin) => admin.query<Record<string, unknown>>(sql))).rows

const constraints = (url: string) =>
  rowsOf(
    url,
    `select conname as name, pg_get_constraintdef(oid) as def, obj_description(oid, 'pg_constraint') as comment
       from pg_constraint where conrelid = 'visit'::regclass and contype in ('f', 'c') order by conname`,
  )

describe("a foreign key of the host that is made composite", () => {
  it("keeps MATCH FULL in its meaning, and its comment", async () => {
    const sql = `alter table visit add constraint placed foreign key (ward, bed) references patient (ward, bed) match full;
      alter table visit add constraint alone foreign key (patient_id) references patient match full;
      comment on constraint alone on visit is 'who it''s for';
      insert into visit values ('${id("a")}', '${id("a1")}', 1, 1, 1, 1), ('${id("a")}', '${id("a1")}', 2, null, null, null);`
    await withHost(sql, async (host, url) => {
      await host.apply()
      expect(await constraints(url)).toEqual([
        {
          name: "alone",
          def: "FOREIGN KEY (clinic_id, branch_id, patient_id) REFERENCES patient(clinic_id, branch_id, id)",
          comment: "who it's for",
        },
        {
          name: "placed",
          def: "FOREIGN KEY (clinic_id, branch_id, ward, bed) REFERENCES patient(clinic_id, branch_id, ward, bed)",
          comment: null,
        },
        { name: "wk_placed_full", def: "CHECK ((num_nulls(ward, bed) = ANY (ARRAY[0, 2])))", comment: null },
      ])
      const half = `insert into visit values ('${id("a")}', '${id("a1")}', 3, null, 1, null)`
      await expect(connected(url, (admin) => admin.query(half))).rejects.toMatchObject({ code: "23514" })
      expect((await host.plan()).steps).toEqual([])
    })
    const whole = `alter table visit alter ward set not null, alter bed set not null;
      alter table visit add constraint placed foreign key (ward, bed) references patient (ward, bed) match full;`
    await withHost(whole, async (host, url) => {
      await host.apply()
      expect(await constraints(url)).toMatchObject([{ def: expect.stringContaining(" MATCH FULL") }])
    })
  })

  it("may start at the branch column, as most hosts declare it", async () => {
    const sql = `alter table visit add constraint at_branch foreign key (branch_id) references branch on delete cascade;
      alter table patient add foreign key (branch_id) references branch, add foreign key (clinic_id) references clinic;`
    await withHost(sql, async (host, url) => {
      await host.apply()
      expect(await constraints(url)).toMatchObject([
        { def: "FOREIGN KEY (clinic_id, branch_id) REFERENCES branch(clinic_id, id) ON DELETE CASCADE" },
      ])
      expect((await host.plan()).steps).toEqual([])
      const elsewhere = `insert into clinic values ('${id("b")}'); insert into branch values ('${id("b1")}', '${id("b")}');
        insert into visit values ('${id("a")}', '${id("b1")}', 1)`
      await expect(connected(url, (admin) => admin.query(elsewhere))).rejects.toMatchObject({ code: "23503" })
    })
  })

  it("is left as it is, and named, where it refers with a branch that is not the row's own", async () => {
    const sql = `alter table patient add unique (branch_id, id); alter table visit add column from_branch uuid;
      alter table visit add constraint came foreign key (from_branch, patient_id) references patient (branch_id, id);`
    await withHost(sql, async (host, url) => {
      const { findings } = await host.apply()
      expect(await constraints(url)).toMatchObject([
        { def: "FOREIGN KEY (from_branch, patient_id) REFERENCES patient(branch_id, id)" },
      ])
      expect(findings).toContainEqual(
        expect.objectContaining({
          check: "foreign-key-across-branches",
          severity: "leak",
          object: "public.visit came",
        }),
      )
    })
  })

  it("stays NOT VALID where it was, which is said for as long as it is so", async () => {
    const sql = `insert into visit values ('${id("a")}', '${id("a1")}', 1, 70, null, null);
      alter table visit add constraint patient foreign key (patient_id) references patient not valid;`
    await withHost(sql, async (host, url) => {
      const { findings } = await host.apply()
      expect(findings.filter((f) => f.check === "foreign-key-not-validated")).toMatchObject([
        {
          object: "public.visit patient",
          message: expect.stringContaining("older rows may refer to no row of public.patient"),
        },
      ])
      expect(await constraints(url)).toMatchObject([
        { def: expect.stringMatching(/\(clinic_id, branch_id, id\) NOT VALID$/) },
      ])
      const again = await host.plan()
      expect(again.steps).toEqual([])
      expect(again.findings.map((f) => f.check)).toContain("foreign-key-not-validated")
      const late = `insert into visit values ('${id("a")}', '${id("a1")}', 2, 2, null, null)`
      await expect(connected(url, (admin) => admin.query(late))).rejects.toMatchObject({ code: "23503" })
    })
  })

  it("that rows break tells a row that is not there from one of another branch", async () => {
    const sql = `insert into visit values ('${id("a")}', '${id("a1")}', 1, 1, null, null), ('${id("a")}', '${id("a1")}', 2, 2, null, null);
      alter table visit add constraint patient foreign key (patient_id) references patient;`
    await withHost(sql, async (host, url) => {
      await connected(url, (admin) =>
        admin.query(
          `set session_replication_role = replica; insert into visit values ('${id("a")}', '${id("a1")}', 3, 70, null, null)`,
        ),
      )
      const error: unknown = await host.apply().then(
        () => undefined,
        (thrown) => thrown,
      )
      if (!(error instanceof WardkeepError)) throw new Error("not refused")
      expect(error).toMatchObject({
        code: "WK304",
        message: expect.stringContaining("refer to a row that is not there or to one of another branch"),
      })
      const query = error.message.slice(error.message.indexOf("select "))
      expect(await rowsOf(url, `${query} order by id`)).toMatchObject([
        { id: 2, elsewhere: true },
        { id: 3, elsewhere: false },
      ])
    })
  })
})

describe("a foreign key that one partition has by itself", () => {
  const partitioned = `${schema}
create table scan (clinic_id uuid not null, branch_id uuid not null, at int not null, patient_id int, primary key (clinic_id, branch_id, at)) partition by range (at);
create table scan_1 partition of scan for values from (0) to (100);
alter table patient add unique (clinic_id, branch_id, id);
alter table scan_1 add unique (at);
alter table scan_1 add constraint lone foreign key (patient_id) references patient;
alter table scan_1 add constraint held foreign key (clinic_id, branch_id, patient_id) references patient (clinic_id, branch_id, id);
alter table visit add constraint seen foreign key (bed) references scan_1 (at);`
  const scans = document({ tables: { ...tables, scan: { scope: "branch" } }, roles })

  it("from it or to it is named where it does not carry the row's own scope, and left as it is", () =>
    withFreshHost(database, partitioned, scans, async (host) => {
      const { findings } = await host.apply()
      const named = findings.filter(({ check }) => check === "foreign-key-across-branches").map(({ object }) => object)
      expect(named).toEqual(["public.scan_1 lone", "public.visit seen"])
      expect((await host.plan()).steps).toEqual([])
    }))
})
