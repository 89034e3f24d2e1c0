import { expect, it } from "vitest"
import { document, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { apply, plan } from "./index.js"

const database = useDatabase()

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic, unique (clinic_id, id));`
const tables = { clinic: { scope: "tenant" }, branch: { scope: "tenant" } }

const others: readonly [string, string, RegExp, RegExp][] = [
  ["older", "delete from wardkeep.migrations where id = 1", /older.*0001_\w+\.sql has not run/, /wardkeep migrate/],
  ["newer", "insert into wardkeep.migrations values (99, 'later', 'x')", /newer/, /Upgrade/],
  ["another", "update wardkeep.migrations set hash = 'x' where id = 1", /another version: its 0001_/, /made anew/],
]

it("plan and apply refuse a schema of another version, say which, and change nothing", async () => {
  await withFreshHost(database, schema, document({ tables, roles: {} }), async (host) => {
    await host.asOwner(async (client) => {
      const input = { client, policy: host.policy }
      const { steps } = await plan(input)
      for (const [what, sql, message, hint] of others) {
        await client.query("begin")
        await client.query(sql)
        for (const run of [plan, apply])
          await expect(run(input), what).rejects.toMatchObject({
            code: "WK302",
            message: expect.stringMatching(message),
            hint: expect.stringMatching(hint),
          })
        await client.query("rollback")
        expect((await plan(input)).steps, what).toEqual(steps)
      }
    })
  })
})
