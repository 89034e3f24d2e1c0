import { randomBytes } from "node:crypto"
import { type Policy, parsePolicy, roleNames } from "@wardkeep/core"
import {
  type ColumnType,
  type ColumnTypes,
  type Context,
  decide,
  type Matrix,
  type Question,
  type Row,
} from "@wardkeep/permissions"
import { setBranchGroup } from "@wardkeep/postgres/migrate"
import pg from "pg"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import { connected, withLogin } from "../fixture/clinic.ts"
import { type Host, installHost } from "../fixture/host.ts"
import { enterBySql, type Grant, issueBySql } from "../fixture/token.ts"
import { branches, elsewhere, groups, type Post } from "./arbitraries.ts"
import { eachRow } from "./each-row.ts"
import { columnTypes as bare } from "./world.ts"

export const ours = "11111111-1111-4111-8111-111111111111"
const theirs = "22222222-2222-4222-8222-222222222222"

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create type visit_state as enum ('draft', 'signed', 'void');
create table care_team (
  clinic_id uuid not null, n integer generated always as identity, staff text, staff_id uuid, patient_id uuid,
  valid_from timestamptz, valid_to timestamptz, primary key (clinic_id, n));
create table note (
  clinic_id uuid not null, branch_id uuid not null, n integer not null, author text, author_id uuid, author_no integer,
  author_big bigint, patient_id uuid, status text, state visit_state, level integer, done boolean, created_at timestamptz,
  primary key (clinic_id, branch_id, n));
create index on note (clinic_id, author);
insert into clinic values ('${ours}'), ('${theirs}');
insert into branch values ${[...branches.map((id) => `('${id}', '${ours}')`), `('${elsewhere}', '${theirs}')`].join(", ")};
${eachRow("", "author, author_id, author_no, author_big, status, state, level, done, created_at")}`

/** An installed database whose policy each case compiles anew, and its application's login. */
export interface CompiledWorld {
  readonly host: Host
  readonly app: pg.Client
  readonly close: () => Promise<void>
}

const deployment = `p${randomBytes(4).toString("hex")}`
export const posts = 12
const key = { id: "k001", secret: randomBytes(32) }

/** The policy file in which the post of that number is the role `r0`, `r1`, … */
export function policyOf(all: readonly Post[]): Policy {
  return parsePolicy({
    deployment,
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { note: { scope: "branch", subject: "patient_id" }, care_team: { scope: "tenant" } },
    purposes: { care: { basis: "test" }, billing: { basis: "test" } },
    conditions: {
      mine: { any: [{ own: "staff" }, { own: "staff_id" }] },
      ...Object.fromEntries(
        all.flatMap(({ when, after }, n) => [[`when-${n}`, when] as const, [`after-${n}`, after] as const]),
      ),
    },
    roles: Object.fromEntries(all.map((one, n) => [`r${n}`, roleOf(one, n)])),
  })
}

function roleOf({ tied, columns }: Post, n: number): Record<string, unknown> {
  const cell = { when: `when-${n}`, ...tied }
  const read = columns === undefined ? cell : { ...cell, columns: ["clinic_id", "branch_id", "n", ...columns] }
  const note = { create: cell, read, update: { ...cell, after: `after-${n}` }, delete: cell }
  return { purposes: ["care", "billing"], can: { care_team: { read: { when: "mine" } }, note } }
}

export async function compiledWorld(database: UsedDatabase): Promise<CompiledWorld> {
  const document = {
    deployment,
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { note: { scope: "branch" }, care_team: { scope: "tenant" } },
    purposes: { care: { basis: "test" } },
    roles: Object.fromEntries(Array.from({ length: posts }, (_role, n) => [`r${n}`, { purposes: ["care"] }])),
  }
  const host = await installHost(database.ownerUrl, schema, document)
  await host.asOwner((client) => client.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
  await host.apply()
  for (const [name, members] of Object.entries(groups))
    await connected(withLogin(database.ownerUrl, host.logins.migrator), (client) =>
      setBranchGroup({ client, policy: host.policy, tenant: ours, name, branches: members }),
    )
  const app = new pg.Client({ connectionString: database.appUrl(host.logins.app) })
  await app.connect()
  return { host, app, close: () => app.end() }
}

/** Rows as the database holds them: every one in a branch, numbered. */
export function placed(rows: readonly Row[]): Row[] {
  return rows.map((row, n) => ({ ...row, n, clinic_id: row.branch_id === elsewhere ? theirs : ours }))
}

export async function fill(admin: pg.Client, rows: readonly Row[], assignments: readonly Row[]): Promise<void> {
  await admin.query("truncate note, care_team")
  await admin.query("insert into note select * from jsonb_populate_recordset(null::note, $1)", [JSON.stringify(rows)])
  await admin.query(
    `insert into care_team (clinic_id, staff, staff_id, patient_id, valid_from, valid_to)
     select $1, r.staff, r.staff_id, r.patient_id, r.valid_from, r.valid_to from jsonb_populate_recordset(null::care_team, $2) r`,
    [ours, JSON.stringify(assignments)],
  )
}

/** A session of the application, issued for a signed request. */
export async function sessionOf(url: string, host: Host, n: number, post: Post, mfaAt: Date | null): Promise<Grant> {
  const assignment = { tenant: ours, branches: post.branches, role: `r${n}`, purposes: [post.purpose] }
  const over = { actor: post.actor, mfa_at: mfaAt?.toISOString() ?? null }
  const [grant] = await issueBySql(url, { key, logins: host.logins }, [assignment], over)
  if (grant === undefined) throw new Error("no session was issued")
  return grant
}

export function contextOf(n: number, post: Post, mfaAt: Date | null, assignments: readonly Row[], now: Date): Context {
  const { actor, purpose, branches: held } = post
  const known = { groups, assignments: { "public.care_team": assignments } }
  return { actor, role: `r${n}`, purpose, tenant: ours, branches: held, mfaAt, now, ...known }
}

export interface Answers {
  readonly seen: readonly number[]
  readonly made: readonly number[]
  readonly changed: readonly number[]
  readonly deleted: readonly number[]
}

export interface Writes {
  readonly made: readonly Row[]
  readonly changed: readonly { readonly row: Row; readonly after: Row }[]
}

export function writesOf(rows: readonly Row[]): Writes {
  const own = rows.filter(({ branch_id }) => branch_id !== elsewhere).slice(0, 12)
  return {
    made: own.map((row, n) => ({ ...row, n: 1000 + n })),
    changed: own.map((row, n) => {
      const { n: number, clinic_id, branch_id, patient_id } = row
      const other = rows[rows.length - 1 - n] ?? row
      return { row, after: { ...other, n: number, clinic_id, branch_id, patient_id } } as const
    }),
  }
}

/** What the database lets the application's login do in the context of the grant; nothing is kept. */
export async function answersOf(
  app: pg.Client,
  grant: Grant,
  writes: Writes,
): Promise<Answers & { readonly now: Date }> {
  await app.query("begin")
  try {
    await enterBySql(app, grant)
    const {
      rows: [{ now } = { now: new Date(Number.NaN) }],
    } = await app.query<{ now: Date }>("select now() as now")
    const numbers = async (text: string, values: readonly unknown[] = []): Promise<number[]> => {
      await app.query("savepoint one")
      try {
        const { rows } = await app.query<{ n: number }>(text, [...values])
        return rows.map(({ n }) => n).sort((a, b) => a - b)
      } catch (error) {
        // A purpose or second factor that is missing is an error of the whole statement.
        if (!(error instanceof pg.DatabaseError) || (error.code !== "WK204" && error.code !== "WK205")) throw error
        return []
      } finally {
        await app.query("rollback to savepoint one")
      }
    }
    const list = JSON.stringify(writes.changed.map(({ after }) => after))
    return {
      now,
      seen: await numbers("select n from note"),
      made: await numbers("select n from insert_each($1) n", [JSON.stringify(writes.made)]),
      changed: await numbers("select n from change_each($1) n", [list]),
      deleted: await numbers("delete from note returning n"),
    }
  } finally {
    await app.query("rollback")
  }
}

/** What `decide` says to the same questions. PostgreSQL lets no command touch or leave a row that the role may not read. */
export function expectedOf(matrix: Matrix, context: Context, rows: readonly Row[], writes: Writes): Answers {
  const allowed = (question: Omit<Question, "table">): boolean =>
    decide(matrix, context, { ...question, table: "note" }).effect === "allow"
  const number = (row: Row): number => Number(row.n)
  const readable = (row: Row): boolean => allowed({ action: "read", row })
  return {
    seen: rows.filter(readable).map(number),
    made: writes.made.filter((row) => allowed({ action: "create", row })).map(number),
    changed: writes.changed
      .filter(({ row, after }) => allowed({ action: "update", row, after }) && readable(row) && readable(after))
      .map(({ row }) => number(row)),
    deleted: rows.filter((row) => allowed({ action: "delete", row }) && readable(row)).map(number),
  }
}

const withScope = (types: ReadonlyMap<string, ColumnType> | undefined): [string, ColumnType][] => [
  ["clinic_id", { type: "uuid" }],
  ...(types ?? []),
]

/** The columns as the catalog has them. */
export const columnTypes: ColumnTypes = new Map([
  ["public.note", new Map(withScope(bare.get("public.note")))],
  ["public.care_team", new Map(withScope(bare.get("public.care_team")))],
])

export function databaseRole(n: number): string {
  return roleNames({ deployment }).role(`r${n}`)
}
