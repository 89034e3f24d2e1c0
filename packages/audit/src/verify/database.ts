import type { KeyObject } from "node:crypto"
import type pg from "pg"
import { captureGap } from "./capture.js"
import { type DeploymentEntry, readEntry } from "./entries.js"
import { fieldSalt, type OpenEvent } from "./hashing.js"
import { type ShownLeaf, verifyLog } from "./log.js"
import { type Checkpoint, readCheckpoint } from "./note.js"
import { type Verdict, type Verification, verification } from "./verdict.js"

export interface VerifyDatabaseOptions {
  /** A dedicated connection of a login that may read schema `wardkeep_audit`. */
  readonly client: Pick<pg.Client, "query">
  /** From somebody you trust, never from the database. */
  readonly keys: readonly KeyObject[]
  /** Checkpoints that were kept elsewhere. Without any, an administrator could have rewritten everything. */
  readonly anchors?: readonly string[]
}

/**
 * Reads the whole log in one snapshot and says by name what happened to it.
 *
 * @example const { ok, verdicts } = await verifyDatabase({ client, keys: trustedKeys([pem]), anchors: [kept] })
 */
export async function verifyDatabase({ client, keys, anchors = [] }: VerifyDatabaseOptions): Promise<Verification> {
  await client.query("begin isolation level repeatable read read only")
  try {
    const kept = anchors.map((note) => readCheckpoint(note, keys)).filter((head) => head !== undefined)
    const { rows: logs } = await client.query<LogRow>(
      "select id, tenant from wardkeep_audit.log order by tenant <> '', id",
    )
    const verdicts: Verdict[] = []
    const sizes: { origin: string; size: number }[] = []
    const deployment = new DeploymentView()
    for (const row of logs) {
      const checkpoints = await readCheckpoints(client, row.id, keys, verdicts)
      const origin =
        checkpoints.at(-1)?.origin ?? `log of ${row.tenant === "" ? "the deployment" : "a tenant"} ${row.id}`
      const outside = [
        ...kept.filter((head) => head.signature === "valid" && head.origin === origin),
        ...deployment.heads(row.tenant),
      ]
      const leaves = row.tenant === "" ? deployment.watch(origin, leavesOf(client, row.id)) : leavesOf(client, row.id)
      const result = await verifyLog({ origin, leaves, checkpoints, outside })
      verdicts.push(...result.verdicts)
      sizes.push({ origin, size: result.size })
    }
    verdicts.push(...missingLogs(kept, sizes), ...deployment.gaps, ...(await strays(client, deployment)))
    verdicts.push(...(await captureNow(client, sizes[0]?.origin ?? "")))
    return verification(
      verdicts,
      sizes,
      kept.some((head) => head.signature === "valid"),
    )
  } finally {
    await client.query("rollback")
  }
}

interface LogRow {
  readonly id: number
  readonly tenant: string
}

/** What the deployment's log tells about the others, learned while it is verified. */
class DeploymentView {
  readonly gaps: Verdict[] = []
  readonly #heads = new Map<string, { size: number; root: Buffer }[]>()
  #last: Extract<DeploymentEntry, { kind: "batch" }> | undefined
  origin = ""

  get snapshot(): string | undefined {
    return this.#last?.snapshot
  }

  heads(tenant: string): { size: number; root: Buffer }[] {
    return this.#heads.get(tenant) ?? []
  }

  async *watch(origin: string, leaves: AsyncIterable<ShownLeaf>): AsyncIterable<ShownLeaf> {
    this.origin = origin
    for await (const leaf of leaves) {
      const entry = leaf.entry === undefined ? undefined : readEntry(leaf.entry)
      if (entry?.kind === "head") this.#heads.set(entry.tenant, [...this.heads(entry.tenant), entry])
      if (entry?.kind === "batch") {
        const gap = captureGap(origin, this.#last, entry)
        if (gap !== undefined) this.gaps.push(gap)
        this.#last = entry
      }
      yield leaf
    }
  }
}

async function readCheckpoints(
  client: VerifyDatabaseOptions["client"],
  log: number,
  keys: readonly KeyObject[],
  verdicts: Verdict[],
): Promise<Checkpoint[]> {
  const { rows } = await client.query<{ note: string; size: string }>(
    "select note, size::text from wardkeep_audit.checkpoint where log = $1 order by size",
    [log],
  )
  const read: Checkpoint[] = []
  for (const { note, size } of rows) {
    const checkpoint = readCheckpoint(note, keys)
    if (checkpoint !== undefined) read.push(checkpoint)
    else
      verdicts.push({
        name: "EDITED",
        origin: `log ${log}`,
        message: `the checkpoint of size ${size} is not a checkpoint`,
      })
  }
  return read
}

interface LeafRow {
  readonly index: string
  readonly hash: Buffer
  readonly seed: Buffer | null
  readonly entry: Buffer | null
  readonly id: string | null
  readonly fields: Omit<OpenEvent, "actor" | "record" | "subject" | "detail"> &
    Record<"actor" | "record" | "subject" | "detail", string | null>
}

/** Rows at once: memory does not grow with the log. */
const page = 5000

async function* leavesOf(client: VerifyDatabaseOptions["client"], log: number): AsyncIterable<ShownLeaf> {
  let after = "-1"
  for (;;) {
    const { rows } = await client.query<LeafRow>(
      `select l.index::text, l.hash, l.seed, l.entry, e.id::text,
          case when e.id is not null then json_build_object('xid', e.xid::text, 'id', e.id::text, 'at_us', (extract(epoch from e.at) * 1000000)::bigint::text,
            'tenant', e.tenant, 'branch', e.branch, 'role', e.role, 'purpose', e.purpose, 'session', e.session, 'request', e.request,
            'verb', e.verb, 'relation', e.relation, 'groups', e.groups, 'n', e.n,
            'actor', e.actor, 'record', e.record, 'subject', e.subject, 'detail', e.detail) end as fields
         from (select * from wardkeep_audit.leaf where log = $1 and index > $2 order by index limit ${page}) l
         left join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event and e.at = l.at order by l.index`,
      [log, after],
    )
    for (const row of rows) yield shown(row)
    if (rows.length < page) return
    after = rows.at(-1)?.index ?? after
  }
}

function shown({ index, hash, seed, entry, id, fields }: LeafRow): ShownLeaf {
  const place = { index: Number(index), hash }
  if (entry !== null) return { ...place, entry }
  if (id === null || seed === null) return { ...place, gone: true }
  const open = (field: 1 | 2 | 3 | 4, value: string | null): { salt: string; value: string | null } => ({
    salt: fieldSalt(seed, field),
    value,
  })
  const { actor, record, subject, detail } = fields
  const event = {
    ...fields,
    actor: open(1, actor),
    record: open(2, record),
    subject: open(3, subject),
    detail: open(4, detail),
  }
  return { ...place, event }
}

/** A log that an anchor knows and the database does not. */
function missingLogs(kept: readonly Checkpoint[], present: readonly { origin: string }[]): Verdict[] {
  return kept
    .filter((head) => head.signature === "valid" && !present.some((log) => log.origin === head.origin))
    .map((head) => ({
      name: "ROLLED_BACK" as const,
      origin: head.origin,
      message: `outside, ${head.size} leaves of this log were signed; the log is not there`,
    }))
}

/** Events that no leaf holds: younger than the last batch, or put there behind its back. */
async function strays(client: VerifyDatabaseOptions["client"], view: DeploymentView): Promise<Verdict[]> {
  const { rows } = await client.query<{ behind: number; waiting: number }>(
    `select count(*) filter (where odd)::int as behind, count(*) filter (where not odd)::int as waiting
       from (select coalesce(pg_visible_in_snapshot(e.xid, $1::pg_snapshot), false) or e.xid >= pg_snapshot_xmax(pg_current_snapshot()) as odd
               from wardkeep_audit.event e where not exists (select from wardkeep_audit.leaf l where l.event = e.id)) stray`,
    [view.snapshot ?? null],
  )
  const { behind = 0, waiting = 0 } = rows[0] ?? {}
  const verdicts: Verdict[] = []
  if (behind > 0)
    verdicts.push({
      name: "INSERTED",
      origin: view.origin,
      message: `${behind} events were added to batches already sealed`,
    })
  if (waiting > 0)
    verdicts.push({
      name: "UNSEALED",
      origin: view.origin,
      count: waiting,
      message: `${waiting} events wait for the sealer`,
    })
  return verdicts
}

async function captureNow(client: VerifyDatabaseOptions["client"], origin: string): Promise<Verdict[]> {
  const { rows } = await client.query<{ name: string }>(
    `select tgrelid::regclass::text || ' ' || tgname as name from pg_trigger
      where tgname like 'wk\\_audit\\_%' and tgenabled <> 'A' order by 1`,
  )
  return rows.map(({ name }) => ({ name: "GAP_OF_CAPTURE", origin, message: `capture is switched off now: ${name}` }))
}
