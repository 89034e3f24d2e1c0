import { type Policy, WardkeepError } from "@wardkeep/core"
import { inTenant, maintenance, type Queryable } from "@wardkeep/postgres/migrate"

export interface DestroyOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  readonly tenant: string
  /** The decided erasure. */
  readonly request: string
  /** Milliseconds to wait for the exclusive lock of the query that looks what is left. Default 5000. */
  readonly lockTimeout?: number
}

/** What a destruction did, and what was looked for afterwards. No line says more than a query showed. */
export interface Certificate {
  readonly wardkeep: "certificate-of-destruction"
  readonly version: 1
  readonly request: string
  readonly tenant: string
  readonly branch: string
  /** SHA-256 of `salt`, the branch, a space and the key: whoever knows the key can check whom this is about. */
  readonly subjectSha256: string
  readonly salt: string
  readonly decidedAt: string
  /** The rules that kept the records until now. */
  readonly kept: readonly unknown[]
  /** Rows that were removed, by table. */
  readonly destroyed: Readonly<Record<string, number>>
  /** Rows that a query of another form, outside of every fence, found afterwards. */
  readonly found: Readonly<Record<string, number>>
  /** The event of the ledger that holds it. */
  readonly verified: string
  readonly notReached: readonly string[]
}

const notReached = [
  "backups and write-ahead logs, until they expire",
  "sealed events of the audit log: see `wardkeep audit erase`",
  "tables of another scope than the table of people, and tables that the policy file does not manage",
  "processors, files outside of the database, and what was handed over",
]

/**
 * Destroys what is held about a person whose erasure was decided, once the last cited period has ended and no legal hold is
 * left: the rows of every table about people, what belongs to them, and the ledger's. A second transaction looks for what is
 * left, past every fence and by a query of another form. The certificate is made of what it saw. Where that look failed, the
 * database keeps the key until it succeeds: call it again. Once it did, another call returns the same certificate.
 *
 * @throws WK560 not decided, a period runs, or a hold · WK562 rows are left; they were not certified · WK307
 * @example const certificate = await destroyPerson({ client, policy, tenant, request })
 */
export async function destroyPerson(options: DestroyOptions): Promise<Certificate> {
  const { client, policy, tenant, request } = options
  const gone = await inTenant(client, policy, tenant, `erasure ${request}`, async (q) => {
    const { rows } = await q.query<{ gone: Gone | null }>("select wardkeep_consent.destroy_person($1) as gone", [
      request,
    ])
    return rows[0]?.gone
  })
  if (gone === undefined || gone === null) throw new WardkeepError("WK901")
  const { found, verified } = gone.subject === null ? gone : await look(options, gone.branch, gone.subject)
  if (found === null || verified === null) throw new WardkeepError("WK901")
  return {
    wardkeep: "certificate-of-destruction",
    version: 1,
    request,
    tenant,
    branch: gone.branch,
    subjectSha256: gone.subject_sha256,
    salt: gone.salt,
    decidedAt: gone.decidedAt,
    kept: gone.keep ?? [],
    destroyed: gone.rows,
    found,
    verified,
    notReached,
  }
}

type Looked = Pick<Gone, "found" | "verified">

async function look(options: DestroyOptions, branch: string, subject: string): Promise<Looked> {
  const { client, policy, tenant, request, lockTimeout } = options
  const tables = policy.consent === null ? [] : [...policy.tables.keys()].filter((name) => isCovered(policy, name))
  const wait = lockTimeout === undefined ? {} : { lockTimeout }
  return await maintenance({ client, policy, tables, reason: `erasure ${request}`, ...wait }, async (q) => {
    const { rows } = await q.query<{ found: Record<string, number> }>(
      `select wardkeep_consent.left_rows($1, $2, $3) || jsonb_build_object(
         'wardkeep_consent.event', (select count(*) from wardkeep_consent.event e where e.tenant = $1 and e.branch = $2 and e.subject = $3),
         'wardkeep_consent.rights_event', (select count(*) from wardkeep_consent.rights_event e where e.tenant = $1 and e.branch = $2 and e.subject = $3),
         'wardkeep_consent.reach', (select count(*) from wardkeep_consent.reach e where e.tenant = $1 and e.branch = $2 and e.subject = $3)) as found`,
      [tenant, branch, subject],
    )
    const found = rows[0]?.found ?? {}
    const where = Object.entries(found).filter(([, n]) => n > 0)
    if (where.length > 0)
      throw new WardkeepError("WK562", { message: `rows are left in ${where.map(([table]) => table).join(", ")}` })
    const { rows: made } = await q.query<{ verified: string }>(
      "select wardkeep_consent.verify_destroyed($1, $2) as verified",
      [request, JSON.stringify(found)],
    )
    return { found, verified: made[0]?.verified ?? null }
  })
}

interface Gone {
  readonly branch: string
  /** Null once somebody looked for what is left. */
  readonly subject: string | null
  readonly verified: string | null
  readonly found: Readonly<Record<string, number>> | null
  readonly salt: string
  readonly subject_sha256: string
  readonly decidedAt: string
  readonly keep: readonly unknown[] | null
  readonly rows: Readonly<Record<string, number>>
}

const isCovered = (policy: Policy, name: string): boolean => {
  const scope = policy.tables.get(name)?.scope
  return scope !== "global" && scope !== "unmanaged"
}
