import { randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const key = { id: "k001", secret: randomBytes(32) }
const schema = `
create table clinic (id text primary key);
create table branch (id text primary key, clinic_id text not null references clinic);
create table patient (clinic_id text not null, branch_id text not null, id int not null, primary key (clinic_id, branch_id, id));
insert into clinic values ('a');
insert into branch values ('a1', 'a')`

interface Known {
  readonly tenants: string[]
  readonly branches: string[]
  readonly tokens: number
  readonly open: number
}

/** A host with one session under way; `known` is what Wardkeep takes for there. */
async function withSession(
  work: (host: Host, admin: (sql: string) => Promise<unknown>, known: () => Promise<Known>) => Promise<void>,
): Promise<void> {
  const doc = document({
    tables: { patient: { scope: "branch" } },
    roles: { doctor: { purposes: ["care"], can: { patient: "manage" } } },
  })
  await withFreshHost(database, schema, doc, async (host, { adminUrl }) => {
    await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
    await host.apply()
    await issueBySql(adminUrl, { logins: host.logins, key }, [
      { role: "doctor", tenant: "a", branches: ["a1"], purposes: ["care"] },
    ])
    const admin = (sql: string) => connected(adminUrl, async (client) => await client.query(sql))
    const known = async (): Promise<Known> => {
      const { rows } = await admin(`select array(select tenant from wardkeep.known_tenant) as tenants,
        array(select branch from wardkeep.known_branch) as branches, (select count(*)::int from wardkeep.token) as tokens,
        (select count(*)::int from wardkeep.session where ended_at is null) as open`)
      return rows[0]
    }
    expect(await known()).toEqual({ tenants: ["a"], branches: ["a1"], tokens: 1, open: 1 })
    await work(host, admin, known)
  })
}

const emptied = {
  branch: { tables: "branch, patient", left: { tenants: ["a"], branches: [], tokens: 0, open: 0 } },
  tenant: { tables: "clinic, branch, patient", left: { tenants: [], branches: [], tokens: 0, open: 0 } },
} as const

describe.each(["branch", "tenant"] as const)("TRUNCATE of the table of the %s", (which) => {
  const { tables, left } = emptied[which]
  const table = which === "tenant" ? "clinic" : "branch"

  it.each([
    ["gone", `drop trigger wk_mirror_${which}_truncate on ${table}`],
    ["switched off", `alter table ${table} disable trigger wk_mirror_${which}_truncate`],
  ])("that nobody was told of, its trigger %s, is made up for by the next apply", (_what, off) =>
    withSession(async (host, _admin, known) => {
      // The tenant's would empty the branches too.
      await host.asOwner((owner) =>
        owner.query(`${off}; ${which === "tenant" ? "drop trigger wk_mirror_branch_truncate on branch" : "select"}`),
      )
      await host.asOwner((owner) => owner.query(`truncate ${tables}`))
      expect(await known()).toMatchObject({ open: 1 })
      await host.apply()
      expect(await known()).toEqual(left)
      expect((await host.plan()).steps).toEqual([])
    }),
  )

  it("is followed under session_replication_role = replica, as its rows are", () =>
    withSession(async (_host, admin, known) => {
      await admin(`set session_replication_role = replica; truncate ${tables}`)
      expect(await known()).toEqual(left)
    }))
})
