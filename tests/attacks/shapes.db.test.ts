import { randomUUID } from "node:crypto"
import type pg from "pg"
import { describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, installHost } from "#tests/fixture/host.ts"
import { type Asked, type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser, codeOf } from "./world.ts"

const database = useDatabase()
const key = { id: "k001", secret: Buffer.alloc(32, 7) }
const [a, b] = [randomUUID(), randomUUID()]
const [a1, a2, b1] = [randomUUID(), randomUUID(), randomUUID()]
const [own, next, other, nobody] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]

const tenancy = `create table clinic (id uuid primary key);
  create table branch (id uuid primary key, clinic_id uuid not null references clinic, unique (clinic_id, id));
  insert into clinic values ('${a}'), ('${b}');
  insert into branch values ('${a1}', '${a}'), ('${a2}', '${a}'), ('${b1}', '${b}');`
const scope = "clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid()"
const patients = `create table patient (${scope}, name text, primary key (clinic_id, branch_id, id));
  insert into patient values ('${a}', '${a1}', '${own}', 'own'), ('${a}', '${a2}', '${next}', 'canary-next'), ('${b}', '${b1}', '${other}', 'canary-other');`
const people = `create table person (clinic_id uuid not null, id uuid not null, name text, primary key (clinic_id, id));
  create table patient (${scope}, person_id uuid not null, primary key (clinic_id, branch_id, id));
  create index on patient (clinic_id, branch_id, person_id);
  insert into person values ('${a}', '${own}', 'own'), ('${a}', '${next}', 'canary-next');
  insert into patient (clinic_id, branch_id, person_id) values ('${a}', '${a1}', '${own}'), ('${a}', '${a2}', '${next}');`

interface Shape {
  readonly schema: string
  readonly tables: Record<string, unknown>
  readonly can?: Record<string, unknown>
}

interface Attack {
  /** `severity check object` of everything that the plan said. */
  readonly findings: readonly string[]
  /** One statement of a doctor of branch a1: its rows, or the code of the refusal. */
  readonly run: (sql: string) => Promise<string>
  readonly asAdmin: <T>(work: (admin: pg.Client) => Promise<T>) => Promise<T>
}

/** A host of one shape, the policy applied, attacked as a doctor of branch a1. */
async function attack(shape: Shape, work: (attack: Attack) => Promise<void>): Promise<void> {
  const fresh = await database.cluster.database(undefined, { owner: new URL(database.ownerUrl).username })
  const ownerUrl = Object.assign(new URL(database.ownerUrl), { pathname: `/${fresh.name}` }).href
  try {
    const can = shape.can ?? Object.fromEntries(Object.keys(shape.tables).map((table) => [table, "manage"]))
    const doc = document({ tables: shape.tables, roles: { doctor: { purposes: ["care"], can } } })
    const host = await installHost(ownerUrl, shape.schema, doc)
    await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
    const { findings } = await host.apply()
    const clinic = { ...host, key, branches: [] as never, patientsPerBranch: 0 }
    const asked: Asked = { role: "doctor", tenant: a, branches: [a1] }
    const [grant] = await issueBySql(fresh.adminUrl, clinic, [asked])
    await connected(withLogin(fresh.adminUrl, host.logins.app), (app) =>
      work({
        findings: findings.map((f) => `${f.severity} ${f.check} ${f.object}`),
        run: (sql) => answer(app, grant!, sql),
        asAdmin: (inside) => asSuperuser(fresh.adminUrl, inside),
      }),
    )
  } finally {
    await fresh.drop()
  }
}

async function answer(app: pg.Client, grant: Grant, sql: string): Promise<string> {
  return await inContext(app, grant, async () => {
    const { command, rowCount, rows } = await app.query(sql)
    return `${command} ${rowCount} ${JSON.stringify(rows)}`
  }).catch(codeOf)
}

const leak = (check: string, object: string): string => `leak ${check} public.${object}`

describe("foreign keys that would cross branches are said", () => {
  const cases: [string, Shape, string, (id: string, tenant: string, branch: string) => string][] = [
    [
      "scope columns that are not the row's own",
      {
        schema: `${tenancy}${patients} create table referral (${scope}, c uuid, b uuid, p uuid, primary key (clinic_id, branch_id, id),
          constraint f foreign key (c, b, p) references patient (clinic_id, branch_id, id));`,
        tables: { patient: { scope: "branch" }, referral: { scope: "branch" } },
      },
      leak("foreign-key-across-branches", "referral f"),
      (id, tenant, branch) => `insert into public.referral (c, b, p) values ('${tenant}', '${branch}', '${id}')`,
    ],
    [
      "rows that belong to everybody",
      {
        schema: `${tenancy}${patients} create unique index on patient (id);
          create table kiosk (id bigint generated always as identity primary key, p uuid, constraint f foreign key (p) references patient (id));`,
        tables: { patient: { scope: "branch" }, kiosk: { scope: "global" } },
      },
      leak("foreign-key-across-branches", "kiosk f"),
      (id) => `insert into public.kiosk (p) values ('${id}')`,
    ],
    [
      "another reference to the tenant than the row's own",
      {
        schema: `${tenancy}${patients} create table partner (${scope}, c uuid, primary key (clinic_id, branch_id, id),
          constraint f foreign key (c) references clinic);`,
        tables: { partner: { scope: "branch" }, patient: { scope: "branch" } },
      },
      leak("foreign-key-across-branches", "partner f"),
      (id, tenant) => `insert into public.partner (c) values ('${id === nobody ? nobody : tenant}')`,
    ],
  ]

  it.each(cases)("%s", async (_, shape, finding, insert) => {
    await attack(shape, async ({ findings, run }) => {
      // What it is about: the answer tells a foreign row from none.
      expect(await run(insert(other, b, b1))).toContain("INSERT 1")
      expect(await run(insert(nobody, b, b1))).toBe("23503")
      expect(findings).toContain(finding)
    })
  })

  it("and nothing is said of a reference inside the scope, whatever its order", async () => {
    const schema = `${tenancy}${patients} create table visit (${scope}, patient_id uuid, primary key (clinic_id, branch_id, id),
      foreign key (patient_id, branch_id, clinic_id) references patient (id, branch_id, clinic_id) on delete cascade,
      foreign key (clinic_id, branch_id) references branch (clinic_id, id), foreign key (clinic_id) references clinic);`
    const tables = { patient: { scope: "branch" }, visit: { scope: "branch" } }
    await attack({ schema, tables }, async ({ findings }) => {
      expect(findings.filter((finding) => finding.startsWith("leak"))).toEqual([])
    })
  })
})

describe("cascades that would reach rows of another branch are said", () => {
  const visit = (fk: string): string =>
    `create table visit (${scope}, ward_id uuid, primary key (clinic_id, branch_id, id), constraint f ${fk});`
  const floors = `create table floor (clinic_id uuid not null, id uuid not null, primary key (clinic_id, id));
    create table ward (clinic_id uuid not null, id uuid not null, floor_id uuid, code text, primary key (clinic_id, id), unique (clinic_id, code),
      foreign key (clinic_id, floor_id) references floor on delete cascade);
    insert into floor values ('${a}', '${own}'); insert into ward values ('${a}', '${own}', '${own}', 'w');`
  const row = `insert into visit values ('${a}', '${a2}', '${next}', '${own}');`
  const tables = { floor: { scope: "tenant" }, ward: { scope: "tenant" }, visit: { scope: "branch" } }
  const onDelete = (how: string): string =>
    `${tenancy}${floors}${visit(`foreign key (clinic_id, ward_id) references ward on delete ${how}`)}${row}`
  const finding = leak("cascade-across-branches", "visit f")

  it.each([
    ["deleting what all branches share", "ward", "cascade", []],
    ["deleting it through another cascade", "floor", "cascade", []],
    ["setting the reference to null", "ward", "set null (ward_id)", [{ ward_id: null }]],
  ])("%s", async (_, table, how, left) => {
    await attack({ schema: onDelete(how), tables, can: { [table]: "manage" } }, async ({ findings, run, asAdmin }) => {
      expect(await run(`delete from public.${table}`)).toContain("DELETE 1")
      expect((await asAdmin((admin) => admin.query("select ward_id from visit"))).rows).toEqual(left)
      expect(findings).toContain(finding)
    })
  })

  it("renaming what they refer to by", async () => {
    const fk = "foreign key (clinic_id, code) references ward (clinic_id, code) on update cascade"
    const schema = `${tenancy}${floors} create table visit (${scope}, code text, primary key (clinic_id, branch_id, id), constraint f ${fk});
      insert into visit values ('${a}', '${a2}', '${next}', 'w');`
    await attack({ schema, tables, can: { ward: "manage" } }, async ({ findings, run, asAdmin }) => {
      expect(await run("update public.ward set code = 'x'")).toContain("UPDATE 1")
      expect((await asAdmin((admin) => admin.query("select code from visit"))).rows).toEqual([{ code: "x" }])
      expect(findings).toContain(finding)
    })
  })

  it("and nothing is said where no role may delete, or nothing cascades", async () => {
    await attack({ schema: onDelete("cascade"), tables, can: { ward: "read" } }, async ({ findings }) => {
      expect(findings).not.toContain(finding)
    })
    await attack({ schema: onDelete("restrict"), tables, can: { ward: "manage" } }, async ({ findings, run }) => {
      expect(await run("delete from public.ward")).toMatch(/^23(001|503)$/)
      expect(findings).not.toContain(finding)
    })
  })
})

describe("a shared identity", () => {
  const tables = { patient: { scope: "branch" }, person: { scope: { shared: "patient", by: "person_id" } } }

  it("passes no scope on: what belongs to it would be seen by branches that it is not linked to", async () => {
    const schema = `${tenancy}${people} create table allergy (id uuid primary key, person_id uuid not null, what text);
      insert into allergy values ('${own}', '${own}', 'own'), ('${next}', '${next}', 'canary-next');`
    const allergy = { scope: { through: "person", by: "person_id" } }
    const leaking = attack({ schema, tables: { ...tables, allergy } }, async ({ run }) => {
      expect(await run("select what from public.allergy")).not.toContain("canary-next")
    })
    await expect(leaking).rejects.toMatchObject({ code: "WK001" })
  })

  it("is searched by the words of linked identities only", async () => {
    const person = { ...tables.person, search: { words: ["name"] } }
    const shape = {
      schema: `${tenancy}${people}`,
      tables: { ...tables, person },
      can: { patient: "read", person: "manage" },
    }
    await attack(shape, async ({ run }) => {
      expect(await run("select word from public.person_word order by word")).toBe('SELECT 1 [{"word":"own"}]')
      expect(await run("update public.person set name = 'renamed'")).toContain("UPDATE 1")
      expect(await run("select word from public.person_word")).toBe('SELECT 1 [{"word":"renamed"}]')
    })
  })

  it("is opened by a link to it: who may make links and knows the id sees the identity, as the threat model says", async () => {
    await attack({ schema: `${tenancy}${people}`, tables }, async ({ run }) => {
      expect(await run("select name from public.person")).not.toContain("canary-next")
      expect(await run(`insert into public.patient (person_id) values ('${next}')`)).toContain("INSERT 1")
      expect(await run("select name from public.person")).toContain("canary-next")
    })
  })
})

describe("keys that do not hold what they seem to", () => {
  const branchTable = (unique: string): string => `create table clinic (id uuid primary key);
    create table branch (clinic_id uuid not null references clinic, id uuid not null, open boolean not null default true, primary key (clinic_id, id));
    ${unique}; insert into clinic values ('${a}'), ('${b}'); insert into branch values ('${a}', '${a1}'), ('${b}', '${b1}');`
  const branch = {
    tables: { branch: { scope: "tenant" } },
    can: { branch: { read: true, create: true, delete: true } },
  }

  it.each([
    ["holds at the end of the transaction only", "alter table branch add unique (id) deferrable initially deferred"],
    ["holds for some rows only", "create unique index on branch (id) where open"],
  ])(
    "a branch key that %s is none: a tenant could claim a branch of another and end its sessions",
    async (_, unique) => {
      const claiming = attack({ schema: branchTable(unique), ...branch }, async ({ run, asAdmin }) => {
        const claim = `insert into public.branch values ('${a}', '${b1}', false)`
        await run(`${claim}; delete from public.branch where id = '${b1}'`)
        const { rows } = await asAdmin((admin) =>
          admin.query("select tenant from wardkeep.known_branch where branch = $1", [b1]),
        )
        expect(rows).toEqual([{ tenant: b }])
      })
      await expect(claiming).rejects.toMatchObject({ code: "WK008" })
    },
  )

  it("a scope column that takes different keys for the same is refused", async () => {
    const upper = a1.toUpperCase()
    const schema = `create collation blurred (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table clinic (id text primary key);
      create table branch (id text primary key, clinic_id text not null references clinic, unique (clinic_id, id));
      insert into clinic values ('${a}'); insert into branch values ('${a1}', '${a}'), ('${upper}', '${a}');
      create table patient (clinic_id text not null, branch_id text collate blurred not null, id uuid not null, name text, primary key (clinic_id, branch_id, id));
      insert into patient values ('${a}', '${a1}', '${own}', 'own'), ('${a}', '${upper}', '${next}', 'canary-next');`
    const leaking = attack({ schema, tables: { patient: { scope: "branch" } } }, async ({ run }) => {
      expect(await run("select name from public.patient")).not.toContain("canary-next")
    })
    await expect(leaking).rejects.toMatchObject({ code: "WK007" })
  })

  it("an exclusion constraint without the scope is an oracle, as a unique key is", async () => {
    const schema = `${tenancy} create table slot (${scope}, during int4range not null, primary key (clinic_id, branch_id, id),
        exclude using gist (during with &&)); insert into slot values ('${b}', '${b1}', '${other}', '[10,20)');`
    await attack({ schema, tables: { slot: { scope: "branch" } } }, async ({ findings, run }) => {
      expect(await run("insert into public.slot (during) values ('[15,16)')")).toBe("23P01")
      expect(await run("insert into public.slot (during) values ('[25,26)')")).toContain("INSERT 1")
      expect(findings).toContain("oracle unique-key-oracle public.slot (during)")
    })
  })

  it("a foreign key that the server does not enforce holds nothing, and a real one is added", async () => {
    const version = await asSuperuser(database.adminUrl, async (q) => (await q.query("show server_version_num")).rows)
    const declared = Number(version[0].server_version_num) >= 180000 ? "not enforced" : ""
    const schema = `${tenancy}${patients} create table visit (${scope}, patient_id uuid not null, primary key (clinic_id, branch_id, id),
      foreign key (clinic_id, branch_id, patient_id) references patient ${declared});`
    const visit = { scope: { through: "patient", by: "patient_id" } }
    await attack({ schema, tables: { patient: { scope: "branch" }, visit } }, async ({ run }) => {
      expect(await run(`insert into public.visit (patient_id) values ('${other}')`)).toBe("23503")
      expect(await run(`insert into public.visit (patient_id) values ('${own}')`)).toContain("INSERT 1")
    })
  })
})
