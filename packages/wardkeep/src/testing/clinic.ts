import { type Policy, quoteIdent, splitName } from "@wardkeep/core"
import type { Issuer, Session, Wardkeep } from "@wardkeep/postgres"
import { grantAsOwner, inTenant, type Queryable, qualified } from "@wardkeep/postgres/migrate"
import type { Owner } from "./owner.js"

/** Columns of one row. */
export type Row = Readonly<Record<string, unknown>>

/** Rows by table. */
export type Seed = Readonly<Record<string, Row | readonly Row[]>>

/** Where a person of a test works, and how. */
export interface Place<Branch extends string> {
  /** One branch. Left out: all of the clinic's. */
  readonly branch?: Branch
  /** Default: every purpose of the role. */
  readonly purpose?: string
  /** Default: somebody of that role and branch. */
  readonly actor?: string
  /** For a confined role: whom it reaches. */
  readonly subjects?: readonly string[]
}

/** A tenant that one test has to itself. */
export interface TestClinic<Branch extends string = string> {
  readonly tenant: string
  /** Keys of the branches, under the names that the test gave them. */
  readonly branches: Readonly<Record<Branch, string>>
  /**
   * Runs `work` as somebody who signed in a moment ago, second factor included: in a real session of the issuer, over
   * the application's own client.
   *
   * @throws WK202 the policy has no such role or purpose · whatever `work` throws
   */
  asRole<T>(role: string, place: Place<Branch>, work: () => Promise<T>): Promise<T>
  /**
   * Inserts rows as the owner, in one transaction; tenant and branch are filled in where the table has them.
   *
   * @returns the rows as they are now, by table
   * @throws the server's error for rows that it refuses; nothing is kept then
   */
  seed(branch: Branch, rows: Seed): Promise<Readonly<Record<string, readonly Row[]>>>
}

interface Parts<Branch extends string> {
  readonly wk: Wardkeep
  readonly issuer: Issuer
  readonly policy: Policy
  readonly owner: Owner
  readonly tenant: string
  readonly branches: Readonly<Record<Branch, string>>
}

export function testClinic<Branch extends string>(parts: Parts<Branch>): TestClinic<Branch> {
  const { wk, owner, policy, tenant, branches } = parts
  const once = remembering()
  const sessionFor = async (role: string, place: Place<Branch>): Promise<Session> => {
    const { branch, subjects } = place
    const who = [actorOf(role, place), role, branch, subjects]
    if (policy.assignments === "required") await once(["assigned", ...who], () => assign(parts, role, place))
    return await once(["signed in", ...who, place.purpose], () => signIn(parts, role, place))
  }
  return {
    tenant,
    branches,
    asRole: async (role, place, work) => {
      const session = await sessionFor(role, place)
      return await wk.run(session, place.purpose === undefined ? {} : { purpose: place.purpose }, work)
    },
    seed: async (branch, rows) =>
      await owner(async (client) =>
        inTenant(client, policy, tenant, "test rows", async (q) => {
          const scope = {
            [policy.tenancy.columns.tenant]: tenant,
            [policy.tenancy.columns.branch]: branches[branch],
          }
          const made: Record<string, readonly Row[]> = {}
          for (const [table, given] of Object.entries(rows)) {
            const columns = await columnsOf(q, policy, table)
            const placed = Object.fromEntries(Object.entries(scope).filter(([column]) => columns.has(column)))
            const each = Array.isArray(given) ? (given as readonly Row[]) : [given as Row]
            made[table] = await inserted(
              q,
              policy,
              table,
              each.map((row) => ({ ...placed, ...row })),
            )
          }
          return made
        }),
      ),
  }
}

/** Does each thing once, however often and at what time it is asked for; again after it failed. */
function remembering() {
  const done = new Map<string, Promise<unknown>>()
  return async <T>(what: readonly unknown[], work: () => Promise<T>): Promise<T> => {
    const name = JSON.stringify(what)
    const known = done.get(name)
    if (known !== undefined) return (await known) as T
    const started = work()
    done.set(name, started)
    started.catch(() => done.delete(name))
    return await started
  }
}

async function signIn<Branch extends string>(
  { issuer, tenant, branches }: Parts<Branch>,
  role: string,
  place: Place<Branch>,
): Promise<Session> {
  const { branch, purpose, subjects } = place
  return await issuer.issueSession({
    actor: actorOf(role, place),
    mfaAt: new Date(),
    ttl: "PT1H",
    label: "test",
    assignments: [
      {
        tenant,
        branches: branch === undefined ? "all" : [branches[branch]],
        role,
        validUntil: inAnHour(),
        ...(purpose !== undefined && { purposes: [purpose] }),
        ...(subjects !== undefined && { subjects }),
      },
    ],
  })
}

/** Where the database knows who holds what, it is told first. */
async function assign<Branch extends string>(
  { owner, policy, tenant, branches }: Parts<Branch>,
  role: string,
  place: Place<Branch>,
): Promise<void> {
  const { branch, subjects = [undefined] } = place
  const scope = branch === undefined ? ("all" as const) : { branch: branches[branch] }
  for (const subject of subjects) {
    const confined = subject === undefined ? {} : { subject }
    const grant = { actor: actorOf(role, place), role, scope, validUntil: inAnHour(), reason: "a test", ...confined }
    await owner((client) => grantAsOwner({ client, policy, tenant, ...grant }))
  }
}

function actorOf<Branch extends string>(role: string, { actor, branch }: Place<Branch>): string {
  return actor ?? `${role} of ${branch ?? "all branches"}`
}

function inAnHour(): Date {
  return new Date(Date.now() + 3_600_000)
}

async function columnsOf(q: Queryable, policy: Policy, table: string): Promise<Set<string>> {
  const { schema, name } = splitName(table, policy.schema)
  const { rows } = await q.query<{ name: string }>(
    `select a.attname as name from pg_catalog.pg_attribute a
      where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''`,
    [`${quoteIdent(schema)}.${quoteIdent(name)}`],
  )
  return new Set(rows.map((row) => row.name))
}

async function inserted(q: Queryable, policy: Policy, table: string, rows: readonly Row[]): Promise<Row[]> {
  const { schema, name } = splitName(table, policy.schema)
  const target = qualified(`${schema}.${name}`)
  const made: Row[] = []
  for (const row of rows) {
    const columns = Object.keys(row).map(quoteIdent).join(", ")
    const values = Object.keys(row).map((_, n) => `$${n + 1}`)
    const sql = `insert into ${target} (${columns}) values (${values.join(", ")}) returning *`
    made.push(...(await q.query<Record<string, unknown>>(sql, Object.values(row))).rows)
  }
  return made
}
