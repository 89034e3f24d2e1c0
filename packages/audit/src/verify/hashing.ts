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

/** Bytes that are put together in one place, which the next ones use again. */
class Bytes {
  #bytes = Buffer.alloc(4096)
  #at = 0

  begin(...first: readonly number[]): void {
    this.#at = 0
    for (const byte of first) this.byte(byte)
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  word(value: number): void {
    this.#room(4)
    this.#at = this.#bytes.writeUInt32BE(value >>> 0, this.#at)
  }

  long(decimal: string): void {
    const value = Number(decimal)
    if (Number.isSafeInteger(value) && value >= 0) {
      this.word(Math.floor(value / 2 ** 32))
      this.word(value)
    } else this.copy(long(decimal))
  }

  /** A text after its length. */
  string(value: string | null): void {
    const from = this.#at
    this.word(0xffffffff)
    if (value === null) return
    const length = this.text(value)
    this.#bytes.writeUInt32BE(length, from)
  }

  /** A text as it is; returns how many bytes it has. */
  text(value: string, encoding: "utf8" | "base64" = "utf8"): number {
    // No UTF-16 unit has more than three bytes.
    this.#room(value.length * 3)
    const length = this.#bytes.write(value, this.#at, encoding)
    this.#at += length
    return length
  }

  copy(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  sha256(): Buffer {
    return sha256(this.#bytes.subarray(0, this.#at))
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const wider = Buffer.alloc((this.#at + more) * 2)
    this.#bytes.copy(wider, 0, 0, this.#at)
    this.#bytes = wider
  }
}

const entry = new Bytes()
const opened = new Bytes()

/** The hash that the log holds for an event, computed from the event alone. */
export function eventLeaf(event: OpenEvent): Buffer {
  entry.begin(0, 1, 1)
  entry.long(event.xid)
  entry.long(event.id)
  entry.long(event.at_us)
  entry.string(event.tenant)
  entry.string(event.branch)
  entry.string(event.role)
  entry.string(event.purpose)
  entry.string(event.session)
  entry.string(event.request)
  entry.string(event.verb)
  entry.string(event.relation)
  entry.word(event.groups.length)
  for (const group of event.groups) entry.string(group)
  entry.word(event.n)
  seal(event.actor)
  seal(event.record)
  seal(event.subject)
  seal(event.detail)
  return entry.sha256()
}

function seal(field: Hidden): void {
  if ("commitment" in field) {
    entry.text(field.commitment, "base64")
    return
  }
  opened.begin(2)
  opened.text(field.salt, "base64")
  opened.byte(field.value === null ? 0 : 1)
  if (field.value !== null) opened.text(field.value)
  entry.copy(opened.sha256())
}

/** The salt that belongs to a field, from the seed that the database keeps; fields count from 1: actor, record, subject, detail. */
export function fieldSalt(seed: Uint8Array, field: 1 | 2 | 3 | 4): string {
  return sha256(Buffer.concat([seed, Buffer.of(field)])).toString("base64")
}

/** How the deployment's log names a tenant: who has the tenant's seed recognises it, nobody else does. */
export function tenantTag(seed: Uint8Array, tenant: string): string {
  return sha256(Buffer.concat([Buffer.of(2), seed, Buffer.of(1), Buffer.from(tenant)])).toString("base64")
}

function long(decimal: string): Buffer {
  return Buffer.from(BigInt.asUintN(64, BigInt(decimal)).toString(16).padStart(16, "0"), "hex")
}

/** The hash of a tree head's leaf in the deployment's log. */
export function headLeaf(tag: string, size: number, root: Buffer): Buffer {
  return sha256(Buffer.concat([Buffer.of(0, 1, 3), Buffer.from(tag, "base64"), long(String(size)), root]))
}

/**
 * RFC 9162, section 2.1.3.2: the root that a leaf has with these hashes beside its way up; undefined where they are too many or
 * too few for a tree of this size.
 */
export function rootAbove(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | undefined {
  let [at, last, hash] = [index, size - 1, leaf]
  const up = (): void => {
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  if (index >= size) return undefined
  for (const beside of path) {
    if (last === 0) return undefined
    if (at % 2 === 1 || at === last) {
      hash = nodeOf(beside, hash)
      while (at % 2 === 0 && at !== 0) up()
    } else hash = nodeOf(hash, beside)
    up()
  }
  return last === 0 ? hash : undefined
}

const pair = new Bytes()

function nodeOf(left: Buffer, right: Buffer): Buffer {
  pair.begin(1)
  pair.copy(left)
  pair.copy(right)
  return pair.sha256()
}

/** RFC 6962 tree that is only ever read from left to right: perfect subtrees by height. */
export class Tree {
  readonly #peaks: (Buffer | undefined)[] = []
  size = 0

  push(leaf: Buffer): void {
    let carry = leaf
    let height = 0
    for (let left = this.#peaks[height]; left !== undefined; left = this.#peaks[++height]) {
      carry = nodeOf(left, carry)
      this.#peaks[height] = undefined
    }
    this.#peaks[height] = carry
    this.size++
  }

  root(): Buffer {
    let right: Buffer | undefined
    for (const peak of this.#peaks) {
      if (peak === undefined) continue
      right = right === undefined ? peak : nodeOf(peak, right)
    }
    return right ?? sha256(Buffer.alloc(0))
  }
}
