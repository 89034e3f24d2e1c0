import { hash } from "node:crypto"

// The verifier shares no code with the writer, on purpose: what both have wrong would be found by neither.

const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer")

export const leafOf = (entry: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.of(0), entry]))

/** A field of an event that names people: opened with its salt, or the commitment alone. */
export type Hidden = { readonly salt: string; readonly value: string | null } | { readonly commitment: string }

/** An event as a bundle carries it. */
export interface OpenEvent {
  readonly xid: string
  readonly id: string
  readonly at_us: string
  readonly tenant: string
  readonly branch: string | null
  readonly role: string
  readonly purpose: string
  readonly session: string | null
  readonly request: string | null
  readonly verb: string
  readonly relation: string
  readonly groups: readonly string[]
  readonly n: number
  readonly actor: Hidden
  readonly record: Hidden
  readonly subject: Hidden
  readonly detail: Hidden
}

/** The hash that the log holds for an event, computed from the event alone. */
export function eventLeaf(event: OpenEvent): Buffer {
  const parts: Uint8Array[] = [Buffer.of(0, 1, 1), long(event.xid), long(event.id), long(event.at_us)]
  for (const value of [event.tenant, event.branch, event.role, event.purpose, event.session, event.request])
    parts.push(string(value))
  parts.push(string(event.verb), string(event.relation), word(event.groups.length))
  for (const group of event.groups) parts.push(string(group))
  parts.push(word(event.n), sealed(event.actor), sealed(event.record), sealed(event.subject), sealed(event.detail))
  return sha256(Buffer.concat(parts))
}

function sealed(field: Hidden): Buffer {
  if ("commitment" in field) return Buffer.from(field.commitment, "base64")
  const value = field.value === null ? Buffer.of(0) : Buffer.concat([Buffer.of(1), Buffer.from(field.value)])
  return sha256(Buffer.concat([Buffer.of(2), Buffer.from(field.salt, "base64"), value]))
}

/** The salt that belongs to a field, from the seed that the database keeps; fields count from 1: actor, record, subject, detail. */
export function fieldSalt(seed: Uint8Array, field: 1 | 2 | 3 | 4): string {
  return sha256(Buffer.concat([seed, Buffer.of(field)])).toString("base64")
}

/** How the deployment's log names a tenant: who has the tenant's seed recognises it, nobody else does. */
export function tenantTag(seed: Uint8Array, tenant: string): string {
  return sha256(Buffer.concat([Buffer.of(2), seed, Buffer.of(1), Buffer.from(tenant)])).toString("base64")
}

function word(value: number): Buffer {
  return Buffer.of((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}

function long(decimal: string): Buffer {
  return Buffer.from(BigInt.asUintN(64, BigInt(decimal)).toString(16).padStart(16, "0"), "hex")
}

function string(value: string | null): Buffer {
  if (value === null) return Buffer.of(255, 255, 255, 255)
  const bytes = Buffer.from(value)
  return Buffer.concat([word(bytes.length), bytes])
}

/** RFC 6962 tree that is only ever read from left to right: perfect subtrees by height. */
export class Tree {
  readonly #peaks: (Buffer | undefined)[] = []
  size = 0

  push(leaf: Buffer): void {
    let carry = leaf
    let height = 0
    for (let left = this.#peaks[height]; left !== undefined; left = this.#peaks[++height]) {
      carry = sha256(Buffer.concat([Buffer.of(1), left, carry]))
      this.#peaks[height] = undefined
    }
    this.#peaks[height] = carry
    this.size++
  }

  root(): Buffer {
    let right: Buffer | undefined
    for (const peak of this.#peaks) {
      if (peak === undefined) continue
      right = right === undefined ? peak : sha256(Buffer.concat([Buffer.of(1), peak, right]))
    }
    return right ?? sha256(Buffer.alloc(0))
  }
}
