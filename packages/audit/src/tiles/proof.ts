import { WardkeepError } from "@wardkeep/core"
import { inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { headOf } from "../anchor/anchor.js"
import { leavesOf } from "../anchor/proof.js"
import { bundledLeaf } from "../bundle/leaves.js"
import { recordReading } from "../read/record.js"
import { commitment } from "../seal/entry.js"
import { inclusionPath } from "./inclusion.js"

export interface ProofOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  /** The number of the event, as `timeline` tells it. */
  readonly event: string
  /** Why; it is recorded. */
  readonly reason: string
  /** A checkpoint of the deployment's log that was kept elsewhere and shall vouch for the event; without it the newest one does. */
  readonly under?: string
}

export interface EventProof {
  /** The file: C2SP tlog-proof. */
  readonly text: string
  /** The log of the event, and which of how many leaves it is. */
  readonly origin: string
  readonly leaf: number
  readonly leaves: number
}

interface Place {
  readonly log: number
  readonly tenant: string
  readonly seed: Buffer
  readonly index: number
  readonly subject: string | null
}

/** A tree head that is signed. */
interface Signed {
  readonly size: number
  readonly note: string
}

const none = (message: string): WardkeepError => new WardkeepError("WK455", { message })

/**
 * One event with the proof that it is in its log, and that its log is in the deployment's, as it was signed. The act is recorded
 * and committed before anything is returned.
 *
 * @throws WK455 the event is not there, not sealed, or not under that checkpoint · WK009 no reason
 * @example const { text } = await proveEvent({ client, event: "4711", reason: "complaint 4" })
 */
export async function proveEvent({ client, event, reason, under }: ProofOptions): Promise<EventProof> {
  const place = await placeOf(client, event)
  await inTransaction(client, () =>
    recordReading(client, {
      verb: "export",
      tenant: place.tenant,
      reason,
      subject: place.subject,
      asked: { event },
      n: 1,
    }),
  )
  return await inTransaction(
    client,
    () => proofOf(client, place, under),
    "begin isolation level repeatable read read only",
  )
}

async function placeOf(client: Queryable, event: string): Promise<Place> {
  if (!/^\d{1,18}$/.test(event)) throw none("the number of an event has digits only")
  const { rows } = await client.query<Omit<Place, "index"> & { index: string }>(
    `select l.log, g.tenant, g.seed, l.index::text, e.subject
       from wardkeep_audit.leaf l join wardkeep_audit.log g on g.id = l.log join wardkeep_audit.event e on e.xid = l.xid and e.id = l.event
      where l.event = $1`,
    [event],
  )
  const [found] = rows
  if (found === undefined) throw none(`event ${event} is not there, or not sealed yet`)
  return { ...found, index: Number(found.index) }
}

async function proofOf(client: Queryable, place: Place, under: string | undefined): Promise<EventProof> {
  const top = await topOf(client, under)
  const head = place.tenant === "" ? undefined : await headUnder(client, place, top)
  const signed = head?.signed ?? top
  if (place.index >= signed.size) throw none(`the event is younger than the checkpoint of ${top.size} leaves`)
  const shown = await bundledLeaf(client, place.log, place.index)
  if (shown === undefined || !("event" in shown)) throw none("the event is gone, and only its hash is left")
  const { event, erased } = shown
  const extra = {
    wardkeep: "audit-proof",
    version: 1,
    event,
    ...(erased && { erased }),
    ...(head !== undefined && {
      seed: place.seed.toString("base64"),
      head: proofText(head.index, await pathIn(client, "", head.index, top.size), top),
    }),
  }
  const path = await pathIn(client, place.tenant, place.index, signed.size)
  const text = proofText(place.index, path, signed, extra)
  return { text, origin: headOf(signed.note).origin, leaf: place.index, leaves: signed.size }
}

/** The checkpoint of the deployment's log under which the proof stands. */
async function topOf(client: Queryable, under: string | undefined): Promise<Signed> {
  const asked = under === undefined ? undefined : headOf(under)
  const { rows } = await client.query<{ size: string; note: string }>(
    `select c.size::text, c.note from wardkeep_audit.checkpoint c
      where c.log = (select id from wardkeep_audit.log where tenant = '') and ($1::bigint is null or c.size = $1) order by c.size desc limit 1`,
    [asked?.size ?? null],
  )
  const [top] = rows
  if (top === undefined || (asked !== undefined && headOf(top.note).body !== asked.body))
    throw none("the deployment's log has no such checkpoint")
  return { size: Number(top.size), note: top.note }
}

/** The newest tree head of the event's log that the deployment's log held then. */
async function headUnder(
  client: Queryable,
  { log, tenant, seed }: Place,
  top: Signed,
): Promise<{ index: number; signed: Signed }> {
  const begins = Buffer.concat([Buffer.from([1, 3]), commitment(seed, tenant)])
  const { rows } = await client.query<{ index: string; size: string; note: string }>(
    `select h.index::text, c.size::text, c.note from wardkeep_audit.leaf h
       join wardkeep_audit.checkpoint c on c.log = $1 and c.size = ('x' || encode(substring(h.entry from 35 for 8), 'hex'))::bit(64)::bigint
      where h.log = (select id from wardkeep_audit.log where tenant = '') and h.index < $3 and substring(h.entry from 1 for 34) = $2
      order by h.index desc limit 1`,
    [log, begins, top.size],
  )
  const [head] = rows
  if (head === undefined) throw none(`nothing of this log was sealed at the checkpoint of ${top.size} leaves`)
  return { index: Number(head.index), signed: { size: Number(head.size), note: head.note } }
}

async function pathIn(client: Queryable, tenant: string, index: number, size: number): Promise<Buffer[]> {
  return await inclusionPath(leavesOf(client, tenant, 0, size), index, size)
}

function proofText(index: number, path: readonly Buffer[], { note }: Signed, extra?: object): string {
  const said = extra === undefined ? "" : `extra ${Buffer.from(JSON.stringify(extra)).toString("base64")}\n`
  const hashes = path.map((hash) => `${hash.toString("base64")}\n`).join("")
  return `c2sp.org/tlog-proof@v1\n${said}index ${index}\n${hashes}\n${note}`
}
