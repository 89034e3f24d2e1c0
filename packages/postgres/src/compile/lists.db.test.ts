import { expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, withFreshHost } from "#tests/fixture/host.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const key = { id: "k001", secret: Buffer.alloc(32, 7) }
const schema = `
create table clinic (id text primary key);
create table branch (id text primary key, clinic_id text not null references clinic);
create table visit (clinic_id text not null, branch_id text not null, id int not null, at int not null, primary key (clinic_id, branch_id, id));
insert into clinic values ('a'), ('b');
insert into branch values ('a1', 'a'), ('a2', 'a'), ('b1', 'b');
insert into visit select left(branch, 1), branch, n, n from generate_series(1, 5000) n, unnest(array['a1', 'a2', 'b1']) branch;`
const doc = document({
  tables: { visit: { scope: "branch" } },
  roles: { doctor: { purposes: ["care"], can: { visit: "read" } } },
})

it("the newest fifty are read in the order of an index on (tenant, sort column); with the branch in it all of them are sorted", () =>
  withFreshHost(database, schema, doc, async (host, { adminUrl }) => {
    await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
    await host.apply()
    const [doctor] = await issueBySql(adminUrl, { logins: host.logins, key }, [
      { role: "doctor", tenant: "a", branches: ["a1"] },
    ])
    const planned = async (index: string) => {
      await connected(adminUrl, (admin) => admin.query(`create index ${index}; analyze visit`))
      return await connected(withLogin(adminUrl, host.logins.app), (app) =>
        inContext(app, doctor!, async () => {
          const newest =
            "explain (analyze, costs off, timing off, summary off, buffers off) select * from visit order by at desc limit 50"
          const { rows } = await app.query<{ "QUERY PLAN": string }>(newest)
          return rows.map((row) => row["QUERY PLAN"]).join("\n")
        }),
      )
    }
    expect(await planned("with_branch on visit (clinic_id, branch_id, at)")).toMatch(
      /Sort \(actual[^\n]*\n[\s\S]*rows=5000/,
    )
    const ordered = await planned("without_branch on visit (clinic_id, at)")
    expect(ordered).toMatch(/Index Scan Backward using without_branch/)
    expect(ordered).not.toContain("Sort")
  }))
