import { randomBytes } from "node:crypto"
import { type Policy, parsePolicy, roleNames } from "@wardkeep/core"
import { type ColumnTypes, compileMatrix } from "@wardkeep/permissions"
import { apply, asOwner, install, plan } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { startServer } from "../server.ts"

export interface CompileResult {
  readonly server: string
  readonly roles: number
  readonly tables: number
  /** Policies that the apply made. */
  readonly policies: number
  /** Seconds of processor time for the bits. */
  readonly matrix: number
  /** Seconds until the plan is there, and until it is made again, applied and checked. */
  readonly plan: number
  readonly apply: number
  readonly steps: number
  /** Steps of a second apply. */
  readonly left: number
}

const columns = ["id", "author", "status", ...Array.from({ length: 9 }, (_, n) => `c${n}`)]

/** Every role reads every table, its own drafts are all that it changes, and every second cell is tied to more. */
function policyOf(roles: number, tables: readonly string[]): Policy {
  const cellOf = (role: number, table: number): Record<string, unknown> => ({
    read: (role + table) % 2 === 0 ? true : { when: `condition-${(role + table) % 8}` },
    create: { when: "own" },
    update: { when: "own-draft", after: "own", columns: ["status", "c0", "c1"] },
    delete: (role + table) % 4 === 0 && { when: "own-draft", mfa: "PT15M", purposes: ["care"] },
  })
  return parsePolicy({
    deployment: `b${randomBytes(3).toString("hex")}`,
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: Object.fromEntries(tables.map((table) => [table, { scope: "branch" }])),
    purposes: { care: { basis: "bench" }, billing: { basis: "bench" } },
    conditions: {
      own: { own: "author" },
      "own-draft": { all: [{ own: "author" }, { state: { column: "status", in: ["draft"] } }] },
      ...Object.fromEntries(
        Array.from({ length: 8 }, (_, n) => [`condition-${n}`, { any: [{ own: "author" }, { own: `c${n}` }] }]),
      ),
    },
    roles: Object.fromEntries(
      Array.from({ length: roles }, (_, role) => [
        `role_${role}`,
        {
          purposes: ["care", "billing"],
          can: Object.fromEntries(tables.map((table, index) => [table, cellOf(role, index)])),
        },
      ]),
    ),
  })
}

/** Compiles a policy of so many roles and tables on an empty database. */
export async function measureCompile(major: 15 | 18, roles: number, tableCount: number): Promise<CompileResult> {
  const tables = Array.from({ length: tableCount }, (_, n) => `table_${n}`)
  const policy = policyOf(roles, tables)
  const types: ColumnTypes = new Map(
    tables.map((table) => [
      `public.${table}`,
      new Map([...columns, "clinic_id", "branch_id"].map((name) => [name, { type: "text" }])),
    ]),
  )
  const began = process.cpuUsage()
  compileMatrix(policy, { columnTypes: types })
  const { user, system } = process.cpuUsage(began)
  const server = await startServer(major)
  try {
    return { roles, tables: tableCount, matrix: (user + system) / 1e6, ...(await onServer(server.url, policy, tables)) }
  } finally {
    await server.stop()
  }
}

type OnServer = Omit<CompileResult, "roles" | "tables" | "matrix">

async function onServer(url: string, policy: Policy, tables: readonly string[]): Promise<OnServer> {
  const password = (): string => randomBytes(12).toString("hex")
  const passwords = { app: password(), issuer: password(), migrator: password() }
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  const login = new URL(url)
  login.username = roleNames(policy).migrator
  login.password = passwords.migrator
  try {
    await install({ admin, policy, passwords })
    const client = new pg.Client({ connectionString: login.href })
    await client.connect()
    try {
      return await asOwner(client, policy, async () => {
        await client.query(schemaOf(tables))
        const [shown, planned] = await timed(() => plan({ client, policy }))
        const [done, applied] = await timed(() => apply({ client, policy, plan: shown }))
        const left = await apply({ client, policy })
        const { rows } = await admin.query<{ version: string; policies: number }>(
          "select current_setting('server_version') as version, (select count(*)::int from pg_policy) as policies",
        )
        const { version = "", policies = 0 } = rows[0] ?? {}
        return { server: version, policies, plan: planned, apply: applied, steps: done.applied, left: left.applied }
      })
    } finally {
      await client.end()
    }
  } finally {
    await admin.end()
  }
}

function schemaOf(tables: readonly string[]): string {
  const body = columns.map((column) => `${column} text`).join(", ")
  return [
    "create table clinic (id text primary key)",
    "create table branch (id text primary key, clinic_id text not null references clinic)",
    ...tables.map(
      (table) =>
        `create table ${table} (clinic_id text not null, branch_id text not null, ${body}, primary key (clinic_id, branch_id, id))`,
    ),
  ].join(";\n")
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now()
  const result = await work()
  return [result, (performance.now() - began) / 1000]
}
