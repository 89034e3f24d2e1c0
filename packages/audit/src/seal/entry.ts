import { createHash } from "node:crypto"

/** One event as the sealer reads it: numbers of PostgreSQL as text, the time in microseconds since 1970. */
export interface SealedEvent {
  readonly xid: string
  readonly id: string
  readonly at_us: string
  readonly tenant: string
  readonly branch: string | null
  readonly actor: string
  readonly role: string
  readonly purpose: string
  readonly session: string | null
  readonly request: string | null
  readonly verb: string
  readonly relation: string
  readonly groups: readonly string[]
  readonly n: number
  readonly record: string | null
  readonly subject: string | null
  readonly detail: string | null
}

/** The same of a row `e` of events as JSON in SQL; null where it is gone. */
export const sealedFields = `case when e.id is not null then json_build_object(
  'xid', e.xid::text, 'id', e.id::text, 'at_us', (extract(epoch from e.at) * 1000000)::bigint::text, 'tenant', e.tenant,
  'branch', e.branch, 'role', e.role, 'purpose', e.purpose, 'session', e.session, 'request', e.request, 'verb', e.verb,
  'relation', e.relation, 'groups', e.groups, 'n', e.n, 'actor', e.actor, 'record', e.record, 'subject', e.subject,
  'detail', e.detail) end`

/** What the sealer says about one batch; a leaf of the deployment's log. */
export interface Batch {
  readonly number: bigint
  readonly atMicroseconds: bigint
  readonly incarnation: string
  readonly previousSnapshot: string | null
  readonly snapshot: string
  readonly events: number
  readonly capture: string
}

const version = 1
/** The byte in front of what is committed to, apart from the 0 and 1 of RFC 6962. */
const commitmentPrefix = Buffer.from([2])
const kinds = { event: 1, batch: 2, checkpoint: 3 } as const
const committed = { actor: 1, record: 2, subject: 3, detail: 4 } as const

function uint(bits: 32 | 64, value: bigint | number): Buffer {
  const bytes = Buffer.alloc(bits / 8)
  if (bits === 32) bytes.writeUInt32BE(Number(value))
  else bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function text(value: string | null): Buffer {
  if (value === null) return uint(32, 0xffffffff)
  const bytes = Buffer.from(value, "utf8")
  return Buffer.concat([uint(32, bytes.length), bytes])
}

/** The salt of one field; knowing it tells nothing about the others. */
export function saltOf(seed: Buffer, field: keyof typeof committed): Buffer {
  return createHash("sha256")
    .update(seed)
    .update(Buffer.from([committed[field]]))
    .digest()
}

/** Binds a value without telling it: without the salt it can be neither opened nor found by trying names. */
export function commitment(salt: Buffer, value: string | null): Buffer {
  const present = value === null ? Buffer.from([0]) : Buffer.concat([Buffer.from([1]), Buffer.from(value, "utf8")])
  return createHash("sha256").update(commitmentPrefix).update(salt).update(present).digest()
}

/** The bytes of an event's leaf. What names people stands in it as commitments. */
export function eventEntry(event: SealedEvent, seed: Buffer): Buffer {
  const hidden = (["actor", "record", "subject", "detail"] as const).map((field) =>
    commitment(saltOf(seed, field), event[field]),
  )
  const plain = [event.tenant, event.branch, event.role, event.purpose, event.session, event.request]
  return Buffer.concat([
    Buffer.from([version, kinds.event]),
    uint(64, BigInt(event.xid)),
    uint(64, BigInt(event.id)),
    uint(64, BigInt(event.at_us)),
    ...[...plain, event.verb, event.relation].map(text),
    uint(32, event.groups.length),
    ...event.groups.map(text),
    uint(32, event.n),
    ...hidden,
  ])
}

export function batchEntry(batch: Batch): Buffer {
  return Buffer.concat([
    Buffer.from([version, kinds.batch]),
    uint(64, batch.number),
    uint(64, batch.atMicroseconds),
    text(batch.incarnation),
    text(batch.previousSnapshot),
    text(batch.snapshot),
    uint(32, batch.events),
    text(batch.capture),
  ])
}

/**
 * A tenant's tree head in the deployment's log: anchoring that one log anchors all. The tenant stands in it as a tag, so
 * that the log can be shown to one clinic without naming the others.
 */
export function checkpointEntry(seed: Buffer, tenant: string, size: bigint, root: Buffer): Buffer {
  return Buffer.concat([Buffer.from([version, kinds.checkpoint]), commitment(seed, tenant), uint(64, size), root])
}
