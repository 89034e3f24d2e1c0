import { WardkeepError } from "@wardkeep/core"
import { inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { type Head, headOf } from "../anchor/anchor.js"
import { originOf, type Signer, signedBy, signedNote } from "./note.js"
import { leavePlace, type Place, requirePrimary, takePlace } from "./place.js"
import { isRetired } from "./sealer.js"
import { beginSealing, lockState, type State, signBatch } from "./sign.js"
import { frontierFrom, rootOf } from "./tree.js"

export interface FindOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  readonly deployment: string
  /** The key that signs. */
  readonly signer: Signer
  /** The newest checkpoint of the deployment's log that was kept outside. Without one nothing says whether the end of the log is there. */
  readonly anchor?: string
}

export interface RebaseOptions extends FindOptions {
  /** Why; it is recorded and outlives every erasure, so it must name nobody. */
  readonly reason: string
}

/** What a database is that was sealed elsewhere, or before. */
export interface Incarnation {
  /** What was sealed last: system identifier of the server, timeline, and the database's number. */
  readonly from: string
  /** What the database is now. */
  readonly to: string
  /** The name under which it was sealed. */
  readonly log: string
  /** Leaves of the deployment's log, as its last checkpoint here signs them. */
  readonly kept: number
  /** Leaves of the deployment's log that the anchor signs; null without one. */
  readonly outside: number | null
  /** Leaves that were signed and are not here: ROLLED_BACK. Null without an anchor: then nobody knows. */
  readonly lost: number | null
  /** Events that no leaf holds: written before the backup was made and not sealed, or since. */
  readonly unsealed: number
}

export interface Rebased extends Incarnation {
  /** The name under which the log is signed from now on. */
  readonly next: string
  /** The first checkpoint under that name: keep it, beside those of the old name. */
  readonly checkpoint: string
  /** Events that were sealed with it, the act among them. */
  readonly events: number
}

/**
 * Says what {@link rebase} would do, and changes nothing.
 *
 * @throws WK446 nothing was sealed, or the anchor is not of this log's history · WK456 a standby
 * @example const { lost, unsealed } = await findIncarnation({ client, deployment, signer, anchor })
 */
export async function findIncarnation(options: FindOptions): Promise<Incarnation> {
  const { client } = options
  await requirePrimary(client)
  const { rows } = await client.query<Facts>(
    "select deployment::text, incarnation as known, wardkeep_audit.incarnation() as incarnation from wardkeep_audit.seal_state",
  )
  const [facts] = rows
  if (facts === undefined) throw new WardkeepError("WK901", { message: "the state of sealing has no row" })
  return (await find(options, facts)).found
}

/**
 * Goes on with a log whose database was restored, cloned or promoted (WK404): under another name, so that no two logs are ever
 * signed under one, with every event that no leaf holds, and with an act in the log, signed by the key, that names both
 * incarnations, what was kept, and what was lost. One transaction: it happens whole or not at all.
 *
 * Whoever holds a checkpoint of what was lost is told ROLLED_BACK by every later verification, unless they accept that one as lost.
 *
 * @throws WK403 another process seals · WK410 a pooler · WK445 the key was retired · WK446 nothing was sealed, no reason, or the
 *   anchor is not of this log's history · WK456 a standby
 * @example
 * const { next, lost } = await rebase({ client, deployment, signer, anchor, reason: "disk failure, backup of 3 November" })
 */
export async function rebase(options: RebaseOptions): Promise<Rebased> {
  const { client } = options
  const place = await takePlace(client)
  try {
    if (await isRetired(options))
      throw new WardkeepError("WK445", { message: "this key was retired, and signs nothing more" })
    return await inTransaction(client, () => goOn(options, place), beginSealing)
  } finally {
    // Where the session is over, so is its lock; the error that ended it is the one to be told.
    await leavePlace(client, place).catch(() => undefined)
  }
}

async function goOn(options: RebaseOptions, place: Place): Promise<Rebased> {
  const { client, deployment, reason, signer } = options
  const state = await lockState(client, place)
  const { found, kept, outside } = await find(options, state)
  const { rows } = await client.query<Pick<State, "deployment">>(
    "update wardkeep_audit.seal_state set deployment = gen_random_uuid() returning deployment::text",
  )
  const renamed = { ...state, ...rows[0] }
  const next = originOf(deployment, renamed.deployment, "")
  const note = actNote(signer, { ...found, next, keptHead: kept, outsideHead: outside })
  await client.query("select wardkeep_audit.begin_incarnation($1, $2)", [note, reason])
  const { events, checkpoint } = await signBatch(options, renamed, { after: null, heartbeat: 0 })
  return { ...found, next, checkpoint: checkpoint ?? "", events }
}

type Facts = Pick<State, "deployment" | "known" | "incarnation">

interface Ground {
  readonly found: Incarnation
  readonly kept: Head
  readonly outside: Head | undefined
}

async function find({ client, deployment, signer, anchor }: FindOptions, facts: Facts): Promise<Ground> {
  const log = originOf(deployment, facts.deployment, "")
  const kept = await lastCheckpoint(client, log)
  if (![facts.known, facts.incarnation].every((each) => incarnation.test(each ?? "")))
    throw refused(
      "what was sealed last, or what this database is, is no incarnation",
      "Somebody wrote to wardkeep_audit.seal_state, or replaced wardkeep_audit.incarnation(). Verify; nothing was changed.",
    )
  const outside = anchor === undefined ? undefined : await outsideHead(client, signer, { anchor, log, kept })
  const { rows } = await client.query<{ n: number }>(
    "select count(*)::int as n from wardkeep_audit.event e where not exists (select from wardkeep_audit.leaf l where l.event = e.id and l.xid = e.xid)",
  )
  const found: Incarnation = {
    from: facts.known ?? "",
    to: facts.incarnation,
    log,
    kept: kept.size,
    outside: outside?.size ?? null,
    lost: outside === undefined ? null : Math.max(0, outside.size - kept.size),
    unsealed: rows[0]?.n ?? 0,
  }
  return { found, kept, outside }
}

/** The database says it of itself. With another line in it the note would be no note, and the log at fault for good. */
const incarnation = /^\d+\/\d+\/\d+$/

/** What the log says of itself: only the verifier's reading of all leaves tells whether it is true. */
async function lastCheckpoint(client: Queryable, log: string): Promise<Head> {
  const { rows } = await client.query<{ note: string; size: string; frontier: Buffer }>(
    `select c.note, g.size::text, g.frontier from wardkeep_audit.log g join wardkeep_audit.checkpoint c on c.log = g.id
      where g.tenant = '' order by c.size desc limit 1`,
  )
  const [row] = rows
  if (row === undefined)
    throw refused("nothing was sealed here before", "Seal it: `wardkeep audit seal`; nothing was changed.")
  const head = headOf(row.note)
  const root = rootOf(frontierFrom(BigInt(row.size), row.frontier)).toString("base64")
  if (head.body !== `${log}\n${row.size}\n${root}\n`)
    throw refused(
      "the log is not what its last checkpoint signs",
      "Keep everything as it is and run `wardkeep audit verify` against all anchors; nothing was changed.",
    )
  return head
}

/** An anchor of this log, signed by the key that signs the act, and a part of this history or ahead of it. */
async function outsideHead(
  client: Queryable,
  signer: Signer,
  { anchor, log, kept }: { anchor: string; log: string; kept: Head },
): Promise<Head> {
  const head = headOf(anchor)
  if (head.origin !== log)
    throw refused(`the anchor is of ${head.origin}, this log is ${log}`, "Give the newest checkpoint of this log.")
  if (!signedBy(signer, anchor))
    throw refused("the anchor is not signed by this key", "Give the key that signed the newest anchor.")
  if (head.size > kept.size) return head
  const { rows } = await client.query<{ note: string }>(
    "select c.note from wardkeep_audit.checkpoint c join wardkeep_audit.log g on g.id = c.log where g.tenant = '' and c.size = $1",
    [head.size],
  )
  if (rows[0] !== undefined && headOf(rows[0].note).body === head.body) return head
  throw refused(
    `the anchor signs other ${head.size} leaves than those here`,
    "Another log was signed under this name (SPLIT_VIEW). Keep everything as it is, and verify against all anchors.",
  )
}

function refused(message: string, hint: string): WardkeepError {
  return new WardkeepError("WK446", { message, hint })
}

interface Said extends Pick<Incarnation, "from" | "to" | "log"> {
  readonly next: string
  readonly keptHead: Head
  readonly outsideHead: Head | undefined
}

/** Signed under the old name. Its second line is no number, so that it is never read as a checkpoint. */
function actNote(signer: Signer, { from, to, log, next, keptHead, outsideHead }: Said): string {
  const heads = [keptHead, outsideHead].map((head) => head?.body.split("\n").slice(1, 3).join(" ") ?? "-")
  return signedNote(signer, log, `${[log, `incarnation ${next}`, from, to, ...heads].join("\n")}\n`)
}
