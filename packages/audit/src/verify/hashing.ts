import { hash } from "node:crypto"

// The verifier shares no code with the writer, on purpose: what both have wrong would be found by neither.

const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer")
/** The same as text, by default of one byte a letter: Node makes it in less than half the time. */
const digest = (bytes: Uint8Array, as: "binary" | "base64" = "binary"): string => hash("sha256", bytes, as)

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
    const length = this.#ascii(value) || this.text(value)
    this.#bytes.writeUInt32BE(length, from)
  }

  /** A short text of ASCII letters, which costs less than to ask Node for its bytes; 0 where it is not one. */
  #ascii(value: string): number {
    if (value.length > 64) return 0
    this.#room(value.length)
    for (let at = 0; at < value.length; at++) {
      const letter = value.charCodeAt(at)
      if (letter > 127) return 0
      this.#bytes[this.#at + at] = letter
    }
    this.#at += value.length
    return value.length
  }

  /** A text as it is; returns how many bytes it has. */
  text(value: string, encoding: "utf8" | "base64" | "binary" = "utf8"): number {
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

  digest(): string {
    return digest(this.#bytes.subarray(0, this.#at))
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
  return Buffer.from(entry.digest(), "binary")
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
  entry.text(opened.digest(), "binary")
}

/** The salt that belongs to a field, from the seed that the database keeps; fields count from 1: actor, record, subject, detail. */
export function fieldSalt(seed: Uint8Array, field: 1 | 2 | 3 | 4): string {
  return digest(Buffer.concat([seed, Buffer.of(field)]), "base64")
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

/** What a node is hashed from: 1, its left and its right. */
const pair = Buffer.alloc(65, 1)
const [leftAt, rightAt] = [1, 33]

function nodeOf(left: Buffer, right: Buffer): Buffer {
  pair.set(left, leftAt)
  pair.set(right, rightAt)
  return sha256(pair)
}

/** Of no tree are there more leaves than a number counts. */
const tallest = 54

/** RFC 6962 tree that is only ever read from left to right: the roots of its perfect subtrees by height, as its size has bits. */
export class Tree {
  readonly #peaks = Buffer.alloc(32 * tallest)
  size = 0

  /** What has not the length of a hash is none of a leaf: with it no root is one that was signed. */
  push(leaf: Buffer): void {
    if (leaf.length === 32) pair.set(leaf, rightAt)
    else pair.fill(0, rightAt)
    let at = 0
    for (let above = this.size; above % 2 === 1; above = (above - 1) / 2) {
      this.#peaks.copy(pair, leftAt, at, at + 32)
      pair.write(digest(pair), rightAt, "binary")
      at += 32
    }
    pair.copy(this.#peaks, at, rightAt)
    this.size++
  }

  root(): Buffer {
    let right: Buffer | undefined
    let at = 0
    for (let above = this.size; above > 0; above = Math.floor(above / 2)) {
      const peak = this.#peaks.subarray(at, at + 32)
      if (above % 2 === 1) right = right === undefined ? Buffer.from(peak) : nodeOf(peak, right)
      at += 32
    }
    return right ?? sha256(Buffer.alloc(0))
  }
}
