import type { KeyObject } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { is32, isBase64 } from "./base64.js"
import { isEvent } from "./bundle-leaf.js"
import { eventLeaf, headLeaf, type OpenEvent, rootAbove, tenantTag } from "./hashing.js"
import { fromJson, members } from "./json.js"
import { type Checkpoint, readCheckpoint } from "./note.js"
import { knownEnds, signedAfterEnd } from "./retired.js"
import { requireAnchorsOf } from "./same-deployment.js"
import { type Verdict, type Verification, verification } from "./verdict.js"

export interface VerifyProofOptions {
  /** The file. */
  readonly text: string
  /** From somebody you trust, never from whoever handed over the proof. */
  readonly keys: readonly KeyObject[]
  /** Checkpoints that were kept elsewhere; one of the proof's own size is compared, of other sizes a proof says nothing. */
  readonly anchors?: readonly string[]
  /** The last checkpoint of each key that was retired, as `rotate-key --last` kept it: what such a key signed later is KEY_UNKNOWN, whatever is shown says. */
  readonly retired?: readonly string[]
}

/** What was proved: this event is that leaf of the log. */
export interface EventVerification extends Verification {
  readonly log: string
  readonly leaf: number
  readonly event: OpenEvent
}

const damaged = (): WardkeepError =>
  new WardkeepError("WK405", { message: "the proof is truncated or damaged", hint: "Ask for the whole file again." })

/**
 * Verifies the proof of one event with neither database nor network. That a key was retired before it signed is told
 * by the whole log, or by whoever knows its last checkpoint.
 *
 * @throws WK405 truncated, damaged, or no proof · WK406 an anchor is of another deployment · WK407 unknown version ·
 *   WK457 `retired`
 * @example const { ok, event } = verifyProof({ text, keys: trustedKeys([pem]), anchors: [kept] })
 */
export function verifyProof({ text, keys, anchors = [], retired = [] }: VerifyProofOptions): EventVerification {
  const proof = readProof(text, keys)
  const { event, seed, head } = readExtra(proof.extra, keys)
  const { checkpoint, index } = proof
  const top = head?.checkpoint ?? checkpoint
  const kept = anchors.map((note) => readCheckpoint(note, keys)).filter((each) => each !== undefined)
  requireAnchorsOf(top.origin, kept)
  const verdicts = [...ofSignature(checkpoint), ...(head === undefined ? [] : ofSignature(head.checkpoint))]
  const ends = knownEnds(top.origin, retired, keys)
  verdicts.push(...signedAfterEnd(top.origin, [top], ends, ({ size }) => size))
  if (head !== undefined) verdicts.push(...signedAfterEnd(checkpoint.origin, [checkpoint], ends, () => head.index + 1))
  const add = (name: Verdict["name"], { origin }: Checkpoint, message: string): void =>
    void verdicts.push({ name, origin, message })
  if (!holds(proof, eventLeaf(event)))
    add("EDITED", checkpoint, `the event is not leaf ${index} of the ${checkpoint.size} that were signed`)
  if (!isOf(checkpoint.origin, top.origin, event.tenant) || (head === undefined) !== (event.tenant === ""))
    add("SPLIT_VIEW", checkpoint, "the event is of another log than the checkpoint")
  if (head !== undefined && !holds(head, headLeaf(tenantTag(seed, event.tenant), checkpoint.size, checkpoint.root)))
    add("SPLIT_VIEW", head.checkpoint, "the deployment's log does not hold this tree head")
  const anchored = comparedWith(kept, [checkpoint, top], verdicts)
  const logs = [...new Set([top, checkpoint])].map((each) => ({
    origin: each.origin,
    size: each.size,
    withheld: each.size - 1,
    erased: 0,
    dropped: 0,
  }))
  return { ...verification(verdicts, logs, anchored), log: checkpoint.origin, leaf: index, event }
}

/** A log that has not grown since a restore is signed under the name before: that its head is in this tree says that it is the same. */
function isOf(origin: string, top: string, tenant: string): boolean {
  const [parts, [kind, deployment, id, ...more]] = [origin.split("/"), top.split("/")]
  if (id === undefined || more.length > 0) return false
  if (tenant === "") return origin === top
  return parts.length === 4 && parts[0] === kind && parts[1] === deployment && parts[3] === encodeURIComponent(tenant)
}

interface Proof {
  readonly extra: string | undefined
  readonly index: number
  readonly path: readonly Buffer[]
  readonly checkpoint: Checkpoint
}

function readProof(text: string, keys: readonly KeyObject[]): Proof {
  if (!text.startsWith("c2sp.org/tlog-proof@v1\n"))
    throw new WardkeepError("WK405", { message: "this file is not a proof of an event" })
  const blank = text.indexOf("\n\n")
  const [, ...lines] = text.slice(0, blank).split("\n")
  const extra = lines[0]?.startsWith("extra ") ? lines.shift()?.slice(6) : undefined
  const [, index] = /^index (0|[1-9]\d{0,14})$/.exec(lines.shift() ?? "") ?? []
  const checkpoint = readCheckpoint(text.slice(blank + 2), keys)
  if (blank < 0 || index === undefined || checkpoint === undefined || !lines.every(is32)) throw damaged()
  return { extra, index: Number(index), path: lines.map((line) => Buffer.from(line, "base64")), checkpoint }
}

interface Extra {
  readonly event: OpenEvent
  readonly seed: Buffer
  /** That the deployment's log holds the tree head; there is none in its own. */
  readonly head: Proof | undefined
}

function readExtra(encoded: string | undefined, keys: readonly KeyObject[]): Extra {
  const said = extraOf(encoded)
  const { wardkeep, version, event, erased, seed, head } = said
  if (wardkeep !== "audit-proof")
    throw new WardkeepError("WK405", { message: "this proof does not say of which event it is" })
  const eventVersion = typeof event === "object" && event !== null && "version" in event ? event.version : undefined
  if (version !== 1 || eventVersion !== 1)
    throw new WardkeepError("WK407", { message: "the proof is of a version that this verifier does not know" })
  const isErased = erased === true
  if (typeof event !== "object" || event === null || !isEvent(event, isErased)) throw damaged()
  const own = isErased ? 4 : 3
  if (members(said) === own) return { event, seed: Buffer.of(), head: undefined }
  if (members(said) !== own + 2 || !is32(seed) || typeof head !== "string") throw damaged()
  const inner = readProof(head, keys)
  // What stands there would be verified by nothing.
  if (inner.extra !== undefined) throw damaged()
  return { event, seed: Buffer.from(seed, "base64"), head: inner }
}

function extraOf(encoded: string | undefined): Record<string, unknown> {
  if (!isBase64(encoded)) return {}
  try {
    const bytes = Buffer.from(encoded, "base64")
    const text = bytes.toString("utf8")
    if (!Buffer.from(text).equals(bytes)) return {}
    const value = fromJson(text)
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function holds({ index, path, checkpoint }: Proof, leaf: Buffer): boolean {
  return rootAbove(leaf, index, checkpoint.size, path)?.equals(checkpoint.root) === true
}

function ofSignature({ origin, size, signature }: Checkpoint): Verdict[] {
  if (signature === "valid") return []
  return signature === "unknown"
    ? [{ name: "KEY_UNKNOWN", origin, message: `the checkpoint of size ${size} is signed by no trusted key` }]
    : [{ name: "EDITED", origin, message: `the signature of the checkpoint of size ${size} does not hold` }]
}

function comparedWith(kept: readonly Checkpoint[], shown: readonly Checkpoint[], verdicts: Verdict[]): boolean {
  const same = kept.flatMap((each) => {
    const own = shown.find(({ origin, size }) => origin === each.origin && size === each.size)
    return each.signature === "valid" && own !== undefined ? [{ own, is: own.root.equals(each.root) }] : []
  })
  for (const { own } of same.filter(({ is }) => !is))
    verdicts.push({ name: "SPLIT_VIEW", origin: own.origin, message: `outside, other ${own.size} leaves were signed` })
  return same.length > 0
}
