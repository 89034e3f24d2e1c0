import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "@wardkeep/postgres"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { withLogin } from "#tests/fixture/clinic.ts"
import { hiddenForms, unseenForms } from "#tests/fixture/hidden-forms.ts"
import { document, type Host, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { databaseRole } from "../../compile/actors.js"

const database = useDatabase()
const key = { id: "k001", secret: Buffer.alloc(32, 7) }
const key3 = "primary key (clinic_id, branch_id, id)"
const schema = `
create table clinic (id text primary key);
create table branch (id text primary key, clinic_id text not null references clinic);
create table patient (clinic_id text not null, branch_id text not null, id int not null, name text, phone varchar(20), meta jsonb, born date, ${key3});
create table contact (clinic_id text not null, branch_id text not null, id int not null, phone text, ${key3});
insert into clinic values ('a');
insert into branch values ('a1', 'a');
insert into patient values ('a', 'a1', 1, 'Asha', 'p1', '{}', '2000-01-01'), ('a', 'a1', 2, 'Ravi', 'p2', '[1]', null);
insert into contact values ('a', 'a1', 1, 'p1'), ('a', 'a1', 3, 'p3')`
const shown = ["clinic_id", "branch_id", "id", "name"]
const desk = {
  purposes: ["care"],
  can: { patient: { read: shown, create: ["id", "name"], update: ["name"], delete: true }, contact: "manage" },
}
const doc = document({
  tables: { patient: { scope: "branch" }, contact: { scope: "branch" } },
  roles: { desk, doctor: { purposes: ["care"], can: { patient: "manage", contact: "manage" } } },
})

let host: Host
let issuer: Issuer
let wk: Wardkeep
let session: Session
let doctor: Session
let schemaName: string

beforeAll(async () => {
  host = await installHost(database.ownerUrl, schema, doc)
  await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
  await host.apply()
  issuer = createIssuer({
    pool: { connectionString: withLogin(database.adminUrl, host.logins.issuer), max: 1 },
    keyId: key.id,
    key: key.secret,
  })
  wk = createWardkeep({
    pool: { connectionString: withLogin(database.adminUrl, host.logins.app), max: 2 },
    policy: host.policy,
  })
  const sign = (role: string): Promise<Session> =>
    issuer.issueSession({ actor: role, ttl: "PT1H", assignments: [{ tenant: "a", branches: ["a1"], role }] })
  session = await sign("desk")
  doctor = await sign("doctor")
  const actor = host.policy.actors.find(({ name }) => name === "desk")
  schemaName = databaseRole(host.policy, actor!)
})
afterAll(async () => {
  await wk.close()
  await issuer.close()
})

/** Of each form its own text under the role's schema; whatever a form writes is undone. */
const textOf = (text: string): string => text.replaceAll('"r".', `"${schemaName}".`)
const undone = new Error("undone")
const tried = async (text: string, values: readonly unknown[] = [], as = session): Promise<unknown> => {
  try {
    await wk.run(as, () =>
      wk.tx(async (q) => {
        await q.query(textOf(text), values)
        throw undone
      }),
    )
  } catch (error) {
    return error
  }
}

describe("a column that the role's view hides", () => {
  it.each(hiddenForms)("$form: $text", async ({ text, values, refused }) => {
    // Twice: what was asked of the server, and what was kept.
    for (const _ of ["cold", "warm"]) {
      const error = await tried(text, values)
      if (refused === undefined) expect(error).toBe(undone)
      else {
        expect(error).toMatchObject({ code: "WK117" })
        expect(String(error)).toContain(`public.patient.${refused} is hidden from the role desk`)
      }
    }
  })

  it.each(hiddenForms)("a role that sees it may: $form", async ({ text, values }) => {
    if (text.includes('"r".')) return
    const error = await tried(text, values, doctor)
    expect((error as { code?: string }).code).not.toBe("WK117")
  })

  it.each(unseenForms)("is not seen, and answers NULL: $form", async ({ text }) => {
    expect(await tried(text)).toBe(undone)
  })
})
