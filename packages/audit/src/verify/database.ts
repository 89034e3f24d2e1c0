import type { KeyObject } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { captureNow } from "./capture-now.js"
import { requireKnown, type ShownLog, type VerifiedLogs, verifyLogs } from "./deployment.js"
import type { BatchEntry } from "./entries.js"
import { keptOf } from "./kept.js"
import { leavesOf } from "./leaves.js"
import { type Checkpoint, readCheckpoint } from "./note.js"
import { type Verdict, type Verification, verification } from "./verdict.js"

export interface VerifyDatabaseOptions {
  /** A dedicated connection of a login that may read the schemas `wardkeep_audit` and `wardkeep`. */
  readonly client: Pick<pg.Client, "query">
  /** From somebody you trust, never from the database. */
  readonly keys: readonly KeyObject[]
  /** Checkpoints that were kept elsewhere. Without any, an administrator could have rewritten everything. */
  readonly anchors?: readonly string[]
  /** Checkpoints of which you know that what they sign beyond a restored state was lost: accepted where the log declares it so. */
  readonly lost?: readonly string[]
  /** The last checkpoint of each key that was retired, as `rotate-key --last` kept it: what such a key signed later is KEY_UNKNOWN, whatever is shown says. */
  readonly retired?: readonly string[]
}

/**
 * Reads the whole log in one snapshot and says by name what happened to it.
 *
 * @throws WK460 the login may not read all of it, before anything is read · WK407 an entry is of a version that this verifier does not know · WK457, WK406 `retired`
 * @example const { ok, verdicts } = await verifyDatabase({ client, keys: trustedKeys([pem]), anchors: [kept] })
 */
export async function verifyDatabase(options: VerifyDatabaseOptions): Promise<Verification> {
  const { client, keys } = options
  await client.query("begin isolation level repeatable read read only")
  try {
    const kept = keptOf(options)
    await requireReadable(client)
    const found = await verifyLogs(logsOf(client, keys), kept, options)
    const isElsewhere = found.newest !== undefined && (await isAnother(client, found.newest))
    const verdicts = [
      ...found.verdicts,
      ...absent(found),
      ...(await strays(client, found, isElsewhere)),
      ...(await returned(client, found)),
      ...(await captureNow(client, found, isElsewhere)),
    ]
    requireKnown({ verdicts, unknown: found.unknown })
    return verification(verdicts, found.logs, found.anchored)
  } finally {
    await client.query("rollback")
  }
}

/** What policies hide from a login would look like a change that nobody made, or hide one. */
async function requireReadable(client: VerifyDatabaseOptions["client"]): Promise<void> {
  try {
    const { rows } = await client.query<{ hidden: boolean }>(
      `select row_security_active('wardkeep.policy_state') or row_security_active('wardkeep_audit.leaf') as hidden
         from (select 1) one left join (select from wardkeep.policy_state, wardkeep.migrations, wardkeep_audit.migrations limit 0) none on true`,
    )
    if (rows[0]?.hidden !== true) return
  } catch (cause) {
    if (typeof cause !== "object" || cause === null || !("code" in cause) || cause.code !== "42501") throw cause
    throw new WardkeepError("WK460", { cause })
  }
  throw new WardkeepError("WK460")
}

async function* logsOf(client: VerifyDatabaseOptions["client"], keys: readonly KeyObject[]): AsyncIterable<ShownLog> {
  const { rows } = await client.query<{ id: number; tenant: string; seed: Buffer }>(
    "select id, tenant, seed from wardkeep_audit.log order by tenant <> '', id",
  )
  for (const { id, tenant, seed } of rows) {
    const { checkpoints, faults } = await checkpointsOf(client, id, keys)
    yield { tenant, seed, checkpoints, faults, leaves: leavesOf(client, id) }
  }
}

async function checkpointsOf(
  client: VerifyDatabaseOptions["client"],
  log: number,
  keys: readonly KeyObject[],
): Promise<{ checkpoints: Checkpoint[]; faults: Verdict[] }> {
  const { rows } = await client.query<{ note: string; size: string; at_us: string | null }>(
    `select note, size::text, case when isfinite(c.at) then (extract(epoch from c.at) * 1000000)::bigint::text end as at_us
       from wardkeep_audit.checkpoint c where log = $1 order by c.size`,
    [log],
  )
  const checkpoints: Checkpoint[] = []
  const faults: Verdict[] = []
  for (const { note, size, at_us } of rows) {
    const checkpoint = readCheckpoint(note, keys)
    if (checkpoint !== undefined) checkpoints.push({ ...checkpoint, storedAt: Number(at_us ?? Number.NaN) })
    else
      faults.push({
        name: "EDITED",
        origin: `log ${log}`,
        message: `the checkpoint of size ${size} is not a checkpoint`,
      })
  }
  return { checkpoints, faults }
}

/** Of a database every log is shown: one that the deployment's knows and nobody shows was removed, or goes under another seed. */
function absent({ origin, absent: logs, unknown }: Pick<VerifiedLogs, "origin" | "absent" | "unknown">): Verdict[] {
  if (logs === 0 || unknown > 0) return []
  return [
    { name: "ROLLED_BACK", origin, message: `${logs} logs are not there whose tree heads the deployment's log holds` },
  ]
}

/** Events that no leaf holds: younger than the last batch, or put there behind its back. */
async function strays(
  client: VerifyDatabaseOptions["client"],
  { origin, newest }: Pick<VerifiedLogs, "origin" | "newest">,
  isElsewhere: boolean,
): Promise<Verdict[]> {
  // The numbers of another database's transactions say nothing here.
  const { rows } = await client.query<{ behind: number; waiting: number }>(
    `select count(*) filter (where odd)::int as behind, count(*) filter (where not odd)::int as waiting
       from (select not $2 and (coalesce(pg_visible_in_snapshot(e.xid, $1::pg_snapshot), false) or e.xid >= pg_snapshot_xmax(pg_current_snapshot())) as odd
               from wardkeep_audit.event e where not exists (select from wardkeep_audit.leaf l where l.event = e.id and l.xid = e.xid)) stray`,
    [newest?.snapshot ?? null, isElsewhere],
  )
  const { behind = 0, waiting = 0 } = rows[0] ?? {}
  const verdicts: Verdict[] = []
  if (behind > 0)
    verdicts.push({ name: "INSERTED", origin, message: `${behind} events were added to batches already sealed` })
  const why = isElsewhere ? "; the database was restored, cloned or promoted, and is to be rebased" : ""
  if (waiting > 0)
    verdicts.push({ name: "UNSEALED", origin, count: waiting, message: `${waiting} events wait for the sealer${why}` })
  return verdicts
}

/** Whether the server says that it is not where the newest batch was sealed. A replica has no log of its own to ask about. */
async function isAnother(client: VerifyDatabaseOptions["client"], { incarnation }: BatchEntry): Promise<boolean> {
  const { rows } = await client.query<{ now: string | null }>(
    `select case when not pg_is_in_recovery() then system_identifier::text || '/' || ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
       || '/' || (select oid from pg_database where datname = current_database()) end as now from pg_control_system()`,
  )
  const now = rows[0]?.now ?? incarnation
  return now !== incarnation
}

/** Events of months that were dropped for good, back from a backup or by hand: nobody vouches for what they say. */
async function returned(
  client: VerifyDatabaseOptions["client"],
  { done }: Pick<VerifiedLogs, "done">,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const { tenant, origin, acts } of done)
    for (const { month, on, ranges } of acts) {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from unnest($2::bigint[], $3::bigint[]) r(first, last)
           join wardkeep_audit.log g on g.tenant = $1 join wardkeep_audit.leaf l on l.log = g.id and l.index between r.first and r.last
           join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event`,
        [tenant, ranges.map(([first]) => first), ranges.map(([, last]) => last)],
      )
      const n = rows[0]?.n ?? 0
      const message = `${n} events of ${month}, which was dropped on ${on}, are there again: drop it again`
      if (n > 0) verdicts.push({ name: "INSERTED", origin, message })
    }
  return verdicts
}
