import { type Attested, attested } from "./capture.js"

/** What the deployment's own log says: batches, and the tree heads of the tenants' logs, each tenant as a tag. */
export type DeploymentEntry =
  | {
      readonly kind: "batch"
      readonly number: number
      readonly at: Date
      /** The same in microseconds since 1970. */
      readonly micros: number
      readonly incarnation: string
      readonly snapshot: string
      readonly events: number
      readonly capture: Attested
    }
  | { readonly kind: "head"; readonly tag: string; readonly size: number; readonly root: Buffer }

export type BatchEntry = Extract<DeploymentEntry, { readonly kind: "batch" }>

/** Reads a leaf of the deployment's log; undefined for a version or kind that this verifier does not know. */
export function readEntry(entry: Buffer): DeploymentEntry | undefined {
  const at = new Cursor(entry)
  try {
    const read = readKnown(at)
    return at.atEnd ? read : undefined
  } catch {
    return undefined
  }
}

function readKnown(at: Cursor): DeploymentEntry | undefined {
  if (at.byte() !== 1) return undefined
  const kind = at.byte()
  if (kind === 2) {
    const number = at.long()
    const micros = at.long()
    const when = new Date(micros / 1000)
    const incarnation = at.text()
    at.text()
    const snapshot = at.text()
    const events = at.word()
    // Beyond the calendar: no time that a sealer had.
    if (Number.isNaN(when.getTime())) return undefined
    return { kind: "batch", number, at: when, micros, incarnation, snapshot, events, capture: attested(at.text()) }
  }
  if (kind !== 3) return undefined
  return { kind: "head", tag: at.bytes32().toString("base64"), size: at.long(), root: at.bytes32() }
}

class Cursor {
  #at = 0

  constructor(readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.#at === this.bytes.length
  }

  byte(): number {
    return this.bytes[this.#at++] ?? 0
  }

  word(): number {
    this.#at += 4
    return this.bytes.readUInt32BE(this.#at - 4)
  }

  long(): number {
    this.#at += 8
    return Number(this.bytes.readBigUInt64BE(this.#at - 8))
  }

  text(): string {
    const length = this.word()
    if (length === 0xffffffff) return ""
    this.#at += length
    return this.bytes.toString("utf8", this.#at - length, this.#at)
  }

  bytes32(): Buffer {
    this.#at += 32
    return this.bytes.subarray(this.#at - 32, this.#at)
  }
}
