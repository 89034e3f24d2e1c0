import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { asLogged } from "../read/question.js"
import { recordReading } from "../read/record.js"
import { originOf } from "../seal/note.js"
import { type BundledEvent, bundledLeaves } from "./leaves.js"

export interface BundleOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  readonly deployment: string
  /** Whose log; the deployment's own goes with it, for the tree heads it holds. */
  readonly tenant: string
  /** Only events about this person are opened; of the others the hash is shown. Without it every event is opened. */
  readonly subject?: string
  /** Why; it is recorded. */
  readonly reason: string
  /** Takes the file piece by piece. */
  readonly write: (text: string) => Promise<void>
}

export interface Bundle {
  readonly events: number
  /** Of the whole file, hex: what to note when it is handed over. */
  readonly sha256: string
}

/**
 * Writes what a stranger needs to verify a tenant's log, or one person's part of it, with neither database nor network.
 * The act is recorded and committed before the first byte is written; it is sealed with the next batch.
 *
 * @throws WK408 the tenant has no sealed log · WK009 no reason
 * @example await writeBundle({ client, deployment, tenant, subject, reason: "request 17", write })
 */
export async function writeBundle(options: BundleOptions): Promise<Bundle> {
  const { client, tenant, reason } = options
  const subject = options.subject === undefined ? undefined : await asLogged(client, options.subject)
  await inTransaction(client, () =>
    recordReading(client, { verb: "export", tenant, reason, subject: subject ?? null, asked: {}, n: 1 }),
  )
  const opens = subject === undefined ? () => true : (event: BundledEvent) => event.subject === subject
  return await writeLogs(options, [tenant], opens)
}

export interface MonthOptions extends Pick<BundleOptions, "client" | "deployment" | "reason" | "write"> {
  /** `2025-09`; in UTC. */
  readonly month: string
}

/**
 * Writes a month of every tenant's log as one bundle, to be kept elsewhere when the month is dropped: of other events it holds
 * the hashes. The act is recorded in each of these logs and committed before the first byte is written.
 *
 * @throws WK443 that is no month, or nothing of it is sealed · WK009 no reason
 * @example await writeMonth({ client, deployment, month: "2025-09", reason: "kept for the auditor", write })
 */
export async function writeMonth(options: MonthOptions): Promise<Bundle> {
  const { client, month, reason } = options
  const { rows } = await client.query<{ tenant: string; n: number; first: string; end: string }>(
    `select e.tenant, count(*)::int as n, (extract(epoch from lower(s)) * 1000000)::bigint::text as first, (extract(epoch from upper(s)) * 1000000)::bigint::text as end
       from wardkeep_audit.month_span($1) s join wardkeep_audit.event e on e.at >= lower(s) and e.at < upper(s) group by 1, s order by 1`,
    [month],
  )
  const [{ first, end } = { first: "0", end: "0" }] = rows
  if (rows.length === 0) throw new WardkeepError("WK443", { message: `nothing of ${month} is in the log` })
  await inTransaction(client, async () => {
    for (const { tenant, n } of rows)
      await recordReading(client, { verb: "export", tenant, reason, subject: null, asked: { month }, n })
  })
  const [from, to] = [BigInt(first), BigInt(end)]
  const opens = ({ at_us }: BundledEvent): boolean => BigInt(at_us) >= from && BigInt(at_us) < to
  return await writeLogs(
    options,
    rows.map(({ tenant }) => tenant),
    opens,
  )
}

/** The deployment's log, for the tree heads it holds, and these tenants'. */
async function writeLogs(
  { client, deployment, write }: Pick<BundleOptions, "client" | "deployment" | "write">,
  tenants: readonly string[],
  opens: (event: BundledEvent) => boolean,
): Promise<Bundle> {
  const file = new BundleFile(write)
  await inTransaction(
    client,
    async () => {
      const { rows: states } = await client.query<{ deployment: string }>(
        "select deployment::text from wardkeep_audit.seal_state",
      )
      const { rows: logs } = await client.query<{ id: number; tenant: string; seed: Buffer }>(
        "select id, tenant, seed from wardkeep_audit.log where tenant = any ($1) order by tenant <> '', tenant",
        [["", ...tenants]],
      )
      if (logs.length !== new Set(["", ...tenants]).size)
        throw new WardkeepError("WK408", { message: "nothing of this tenant has been sealed" })
      const log = originOf(deployment, states[0]?.deployment ?? "", "")
      const made = new Date().toISOString()
      await file.line({ wardkeep: "audit-bundle", version: 1, log, made, tenants: logs.map((each) => each.tenant) })
      for (const each of logs) {
        await file.line({ tenant: each.tenant, seed: each.seed.toString("base64") })
        const { rows: notes } = await client.query<{ note: string }>(
          "select note from wardkeep_audit.checkpoint c where log = $1 order by c.size",
          [each.id],
        )
        for (const { note } of notes) await file.line({ checkpoint: note })
        for await (const leaf of bundledLeaves(client, each.id, opens)) await file.leaf(leaf)
      }
    },
    "begin isolation level repeatable read read only",
  )
  return await file.end()
}

class BundleFile {
  readonly #hash = createHash("sha256")
  readonly #write: BundleOptions["write"]
  #events = 0

  constructor(write: BundleOptions["write"]) {
    this.#write = write
  }

  async leaf(leaf: object): Promise<void> {
    if ("event" in leaf) this.#events++
    await this.line(leaf)
  }

  async line(value: object): Promise<void> {
    const text = `${JSON.stringify(value)}\n`
    this.#hash.update(text)
    await this.#write(text)
  }

  /** The last line tells a whole bundle from a truncated one. */
  async end(): Promise<Bundle> {
    await this.line({ end: this.#hash.copy().digest("hex") })
    return { events: this.#events, sha256: this.#hash.digest("hex") }
  }
}
