import { type Policy, WardkeepError } from "@wardkeep/core"
import { asOwner, inTenant, maintenance, type Queryable } from "@wardkeep/postgres/migrate"

export interface DestroyOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  readonly tenant: string
  /** The decided erasure. */
  readonly request: string
  /** Milliseconds to wait for the exclusive lock of the query that looks what is left. Default 5000. */
  readonly lockTimeout?: number
  /** Seals the audit log, by whoever holds its key, before the person is taken out of it. Left out, a sealer that runs is waited for. */
  readonly seal?: () => Promise<unknown>
  /** Milliseconds to wait for a sealer that runs. Default 5000. */
  readonly sealWait?: number
}

/**
 * What became of the person in the sealed events of the audit log: `erased` from so many, and every old proof still verifies;
 * `none`: there is no log; `key-of-several`: the log cannot tell the person from another one who has, or had, the same key.
 */
export type LogOutcome = { readonly outcome: "erased" | "none" | "key-of-several"; readonly events: number }

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
  readonly log: LogOutcome
  /** Rows that queries of another form, outside of every fence, found afterwards: in the host's tables and in Wardkeep's own. */
  readonly found: Readonly<Record<string, number>>
  /** Where the key stands in what is about somebody else, or in the reason of an owner's work: told, and left. */
  readonly mentions: Readonly<Record<string, number>>
  /** The event of the ledger that holds it. */
  readonly verified: string
  readonly notReached: readonly string[]
}

const notReached = [
  "backups and write-ahead logs, until they expire",
  "tables of another scope than the table of people, and tables that the policy file does not manage",
  "processors, files outside of the database, bundles of the audit log, and what was handed over",
]
const severalHadTheKey =
  "the audit log and Wardkeep's own records: they cannot tell the person from another one who has, or had, the same key"

/**
 * Destroys what is held about a person whose erasure was decided, once the last cited period has ended and no legal hold is
 * left: the rows of every table about people, what belongs to them, and the ledger's. Then it takes the person out of the audit
 * log, whose old proofs still verify, and out of Wardkeep's own records of emergencies, referrals, moves and assignments. At last
 * a transaction looks for what is left, past every fence and by queries of another form. The certificate is made of what it
 * saw. Where a later step failed, the database keeps the key until it succeeds: call it again. Once it did, another call
 * returns the same certificate.
 *
 * @throws WK560 not decided, a period runs, or a hold · WK562 rows are left; they were not certified · WK568 the audit log is not
 *   sealed so far · WK440 a legal hold of the audit log · WK444 the audit log is busy for ten seconds: call it again · WK307
 * @example const certificate = await destroyPerson({ client, policy, tenant, request })
 */
export async function destroyPerson(options: DestroyOptions): Promise<Certificate> {
  const { client, policy, tenant, request } = options
  const destroyed = await inTenant(client, policy, tenant, `erasure ${request}`, (q) =>
    asked(q, "wardkeep_consent.destroy_person($1)", request),
  )
  const gone = destroyed.subject === null ? destroyed : await certified(options, destroyed.branch, destroyed.subject)
  const { found, mentions, verified, erased, log } = gone
  if (found === null || mentions === null || verified === null || erased === null) throw new WardkeepError("WK901")
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
    log: { outcome: log, events: erased },
    found,
    mentions,
    verified,
    notReached: log === "key-of-several" ? [...notReached, severalHadTheKey] : notReached,
  }
}

async function asked(q: Queryable, call: string, request: string): Promise<Gone> {
  const { rows } = await q.query<{ gone: Gone | null }>(`select ${call} as gone`, [request])
  const gone = rows[0]?.gone
  if (gone === undefined || gone === null) throw new WardkeepError("WK901")
  return gone
}

async function certified(options: DestroyOptions, branch: string, subject: string): Promise<Gone> {
  await options.seal?.()
  await forget(options)
  return await look(options, branch, subject)
}

/** The deletes themselves are events about the person, which somebody has to seal first. */
async function forget({ client, policy, request, sealWait = 5000 }: DestroyOptions): Promise<void> {
  for (const until = performance.now() + sealWait; ; ) {
    try {
      await asOwner(client, policy, () => client.query("select wardkeep_consent.forget($1)", [request]))
      return
    } catch (error) {
      if (!(typeof error === "object" && error !== null && "code" in error && error.code === "WK409")) throw error
      if (performance.now() >= until) throw new WardkeepError("WK568", { cause: error })
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function look(options: DestroyOptions, branch: string, subject: string): Promise<Gone> {
  const { client, policy, tenant, request, lockTimeout } = options
  const tables = policy.consent === null ? [] : [...policy.tables.keys()].filter((name) => isCovered(policy, name))
  const wait = lockTimeout === undefined ? {} : { lockTimeout }
  // Our own tables before anything is locked: the log may be long, and nobody in the clinic waits for it.
  const own = await asOwner(client, policy, () =>
    client.query<{ left: { found: Found; mentions: Found } }>("select wardkeep_consent.left_own($1) as left", [
      request,
    ]),
  )
  return await maintenance({ client, policy, tables, reason: `erasure ${request}`, ...wait }, async (q) => {
    const { rows } = await q.query<{ found: Found }>("select wardkeep_consent.left_rows($1, $2, $3) as found", [
      tenant,
      branch,
      subject,
    ])
    const left = own.rows[0]?.left
    const found = { ...rows[0]?.found, ...left?.found }
    const where = Object.entries(found).filter(([, n]) => n > 0)
    if (where.length > 0)
      throw new WardkeepError("WK562", { message: `rows are left in ${where.map(([table]) => table).join(", ")}` })
    const seen = [request, JSON.stringify(found), JSON.stringify(left?.mentions ?? {})]
    await q.query("select wardkeep_consent.verify_destroyed($1, $2, $3)", seen)
    return await asked(q, "wardkeep_consent.destroyed($1)", request)
  })
}

type Found = Readonly<Record<string, number>>

interface Gone {
  readonly branch: string
  /** Null once somebody looked for what is left. */
  readonly subject: string | null
  readonly verified: string | null
  readonly found: Found | null
  readonly mentions: Found | null
  readonly erased: number | null
  readonly log: LogOutcome["outcome"]
  readonly salt: string
  readonly subject_sha256: string
  readonly decidedAt: string
  readonly keep: readonly unknown[] | null
  readonly rows: Found
}

const isCovered = (policy: Policy, name: string): boolean => {
  const scope = policy.tables.get(name)?.scope
  return scope !== "global" && scope !== "unmanaged"
}
