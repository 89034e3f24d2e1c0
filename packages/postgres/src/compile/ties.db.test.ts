import { randomBytes } from "node:crypto"
import { type Policy, parsePolicy } from "@wardkeep/core"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Host, installHost, tenancy } from "#tests/fixture/host.ts"
import { enterBySql, type Grant, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const clinic = "11111111-1111-4111-8111-111111111111"
const branch = "22222222-2222-4222-8222-222222222222"
const key = { id: "k001", secret: randomBytes(32) }
const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table drug (id integer primary key, state text not null, name text not null);
create table patient (
  clinic_id uuid not null, branch_id uuid not null, id integer not null, doctor text, full_name text not null, phone text,
  primary key (clinic_id, branch_id, id));
insert into clinic values ('${clinic}');
insert into branch values ('${branch}', '${clinic}');
insert into drug values (1, 'listed', 'aspirin'), (2, 'draft', 'quartzine');
insert into patient values ('${clinic}', '${branch}', 1, 'asha', 'Meera Rao', '123456'), ('${clinic}', '${branch}', 2, 'ravi', 'Meera Iyer', '123457');`

const document = {
  deployment: `w${randomBytes(4).toString("hex")}`,
  tenancy,
  tables: {
    drug: { scope: "global" },
    patient: { scope: "branch", subject: "id", search: { words: ["full_name"], lastDigits: ["phone"] } },
  },
  purposes: { care: { basis: "s7a" }, stock: { basis: "s7a" } },
  conditions: { own: { own: "doctor" }, listed: { state: { column: "state", in: ["listed"] } } },
}
const roles = (doctor: object, reception: object, keyless: object = {}): Policy =>
  parsePolicy({
    ...document,
    roles: {
      doctor: { purposes: ["care"], can: doctor },
      reception: { purposes: ["care", "stock"], can: reception },
      keyless: { purposes: ["care"], can: keyless },
    },
  })
const tied = roles(
  { drug: { read: { when: "listed" } }, patient: { read: { when: "own" } } },
  { drug: { read: { purposes: ["stock"] } }, patient: "read" },
  { patient: { read: { when: "own", columns: ["full_name", "phone"] } } },
)

let host: Host
let app: pg.Client

beforeAll(async () => {
  host = await installHost(database.ownerUrl, schema, {
    ...document,
    roles: {
      doctor: { purposes: ["care"] },
      reception: { purposes: ["care", "stock"] },
      keyless: { purposes: ["care"] },
    },
  })
  await host.asOwner((client) => client.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
  await host.apply(tied)
  app = new pg.Client({ connectionString: database.url(host.logins.app) })
  await app.connect()
})
afterAll(async () => {
  await app.end()
})

async function grantOf(role: string, purpose = "care"): Promise<Grant> {
  const asked = { tenant: clinic, branches: [branch], role, purposes: [purpose] }
  const [grant] = await issueBySql(database.ownerUrl, { key, logins: host.logins }, [asked])
  if (grant === undefined) throw new Error("no session was issued")
  return grant
}

/** The first column of what the application's login sees, or the code of the refusal. */
async function seen(grant: Pick<Grant, "db_role" | "token" | "tenant">, text: string): Promise<unknown> {
  await app.query("begin")
  try {
    await enterBySql(app, grant)
    return (await app.query<unknown[]>({ text, rowMode: "array" })).rows.map(([value]) => value)
  } catch (error) {
    return error instanceof pg.DatabaseError ? error.code : error
  } finally {
    await app.query("rollback")
  }
}

describe("reference data with a condition", () => {
  const all = "select id from drug order by id"

  it("shows each role its rows, and the owner all of them", async () => {
    expect(await seen(await grantOf("doctor"), all)).toEqual([1])
    expect(await seen(await grantOf("reception", "stock"), all)).toEqual([1, 2])
    expect(await seen(await grantOf("reception"), all)).toBe("WK205")
    const rows = await host.asOwner(async (client) => (await client.query(all)).rows)
    expect(rows).toHaveLength(2)
  })

  it("refuses a context that is over", async () => {
    const grant = await grantOf("reception", "stock")
    expect(await seen({ ...grant, token: "0".repeat(47) }, all)).toBe("WK102")
  })

  it("is open again when the condition goes, and closed when it comes back", async () => {
    const free = roles({ drug: "read", patient: "read" }, { drug: "read", patient: "read" })
    await host.apply(free)
    expect((await host.apply(free)).applied).toBe(0)
    expect(await seen(await grantOf("doctor"), all)).toEqual([1, 2])
    await host.apply(tied)
    expect((await host.apply(tied)).applied).toBe(0)
    expect(await seen(await grantOf("doctor"), all)).toEqual([1])
  })
})

describe("the words of a table with a condition", () => {
  const words = "select patient_id from patient_word where word ^@ 'meera' order by 1"

  it("tell a role of the rows that it may read, and of no other", async () => {
    expect(await seen(await grantOf("doctor"), words)).toEqual([1])
    expect(await seen(await grantOf("reception"), words)).toEqual([1, 2])
  })

  it("are not for a role that may not see which row a word belongs to", async () => {
    expect(await seen(await grantOf("keyless"), words)).toBe("42501")
  })
})
