import type { KeyObject } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { actOf, type DropAct, type IncarnationAct, type RotationAct } from "./acts.js"
import { captureGap } from "./capture.js"
import type { SealedIn, SealTimes } from "./dropped.js"
import { type BatchEntry, readEntry } from "./entries.js"
import { firstBeyond, lastUpTo } from "./growing.js"
import { tenantTag } from "./hashing.js"
import { type Era, Incarnations, nameAt, type SealedBatch, tenantEras } from "./incarnations.js"
import type { Kept } from "./kept.js"
import { KeptBack } from "./kept-back.js"
import { type Known, type LogToVerify, type Pages, type ShownLeaf, verifyLog } from "./log.js"
import type { Checkpoint } from "./note.js"
import { type Ends, earlier, endsOf, knownEnds, lastHeads, signedAfterEnd } from "./retired.js"
import { isMoved, movedTimes, type StoredTime } from "./stored-times.js"
import { isFault, type Verdict, type VerifiedLog } from "./verdict.js"

/** One log as a database or a bundle shows it. */
export interface ShownLog {
  /** Empty: the deployment's own log, which comes first. */
  readonly tenant: string
  /** What the tag of the tenant's tree heads is made from. */
  readonly seed: Buffer
  readonly checkpoints: readonly Checkpoint[]
  /** What could not be read of it. */
  readonly faults?: readonly Verdict[]
  /** Events are shown as leaves only: what they say of the log itself, as that another incarnation begins, is not known. */
  readonly isClosed?: boolean
  readonly leaves: Pages
}

/** What stands for the name of a log that no checkpoint names. */
export const neverSealed = "the deployment's log, never sealed"

/** Whom a reader believes. */
export interface Trusting {
  readonly keys: readonly KeyObject[]
  /** The last checkpoint of each key that was retired. */
  readonly retired?: readonly string[]
}

export interface VerifiedLogs {
  readonly verdicts: Verdict[]
  readonly logs: VerifiedLog[]
  /** The name of the deployment's log. */
  readonly origin: string
  /** Something that was kept outside was compared. */
  readonly anchored: boolean
  /** The deployment's log under all its names, and the tenants'. */
  readonly names: ReadonlySet<string>
  readonly newest: BatchEntry | undefined
  /** Months that were dropped for good, of each tenant. */
  readonly done: readonly { readonly tenant: string; readonly origin: string; readonly acts: readonly DropAct[] }[]
  /** Entries of a version that this verifier does not know; nothing was said about them. */
  readonly unknown: number
  /** Logs of which the deployment's holds tree heads, and that were not shown. */
  readonly absent: number
}

/**
 * Verifies the deployment's log and then the tenants', each against its own checkpoints, the tree heads that the
 * deployment's log holds of it, and the checkpoints that were kept elsewhere.
 */
export async function verifyLogs(
  logs: AsyncIterable<ShownLog>,
  kept: readonly Kept[],
  { keys, retired = [] }: Trusting,
): Promise<VerifiedLogs> {
  const outside = kept.filter((head) => head.signature === "valid")
  const view = new DeploymentView(outside, { keys, retired })
  // Joined at the end and never handed over as arguments: of hundred thousands of them, which a year has, a call would fail.
  const verdicts: (readonly Verdict[])[] = []
  const verified: VerifiedLog[] = []
  const done: VerifiedLogs["done"][number][] = []
  for await (const log of logs) {
    if (log.tenant === "") view.begin(log)
    const origin = log.tenant === "" ? view.origin : `${view.origin}/${encodeURIComponent(log.tenant)}`
    const leaves = log.tenant === "" ? view.watch(log.leaves) : log.leaves
    const { checkpoints } = log
    const sizes = [...outside, ...(log.tenant === "" ? [] : view.heads(log))].map(({ size }) => size)
    const known: LogToVerify["known"] = (roots) => view.known(log, roots)
    const result = await verifyLog({ origin, leaves, checkpoints, sizes, known, sealedIn: view.sealedIn(log) })
    verdicts.push(log.faults ?? [], result.verdicts, view.afterEnd(log, origin), view.unseen(log, origin))
    view.unknown += result.unknown
    // Which batch a time belongs to is told by a log in which nothing else is wrong.
    if (view.unknown === 0 && !result.verdicts.some(isFault)) verdicts.push(movedTimes(origin, view.storedTimes(log)))
    if (result.done.length > 0) done.push({ tenant: log.tenant, origin, acts: result.done })
    const { size, withheld, erased, dropped } = result
    verified.push({ origin, size, withheld, erased, dropped })
  }
  const { origin, newest, unknown, names, absent } = view
  verdicts.push(missingLogs([...outside, ...view.unsigned], names), view.gaps, view.incarnations)
  const anchored = view.compared || outside.some((head) => head.lost !== true && !names.has(head.origin))
  const found = verdicts.flat()
  return { verdicts: found, logs: verified, origin, names, anchored, newest, done, unknown, absent }
}

/** What a verifier must not pass over: an entry it cannot read, in a log in which it found nothing else. */
export function requireKnown({ verdicts, unknown }: Pick<VerifiedLogs, "verdicts" | "unknown">): void {
  if (unknown === 0 || verdicts.some(isFault)) return
  throw new WardkeepError("WK407", { message: `${unknown} entries are of a version that this verifier does not know` })
}

/** A tenant's tree head, and at which leaf of the deployment's log it stands. */
interface Head {
  readonly size: number
  readonly root: Buffer
  readonly leaf: number
  readonly sealed: Batch | undefined
}

/** A batch, with its leaf: what the deployment's log says of itself stands before it. */
interface Batch extends SealedIn, SealedBatch {
  readonly micros: number
}

/** What the deployment's log tells about the others, learned while it is verified. */
class DeploymentView {
  readonly gaps: Verdict[] = []
  readonly #heads = new Map<string, Head[]>()
  readonly #shown = new Set<string>()
  readonly #rotations: RotationAct[] = []
  readonly #acts: IncarnationAct[] = []
  readonly #batches: Batch[] = []
  readonly #movedEntries: StoredTime[] = []
  readonly names = new Set<string>()
  #keptBack = new KeptBack([])
  #incarnations: Incarnations | undefined
  #isClosed = false
  #ends: Ends = new Map()
  newest: BatchEntry | undefined
  origin = ""
  unknown = 0
  /** What retired keys signed last, where the log that is shown has no checkpoint at all. */
  unsigned: readonly Checkpoint[] = []
  /** Something was compared that was kept outside, and is not accepted as lost. */
  compared = false

  constructor(
    readonly outside: readonly Kept[],
    readonly trusting: Required<Trusting>,
  ) {}

  get incarnations(): readonly Verdict[] {
    return this.#isClosed ? [] : (this.#incarnations?.verdicts ?? [])
  }

  begin({ checkpoints, isClosed = false }: ShownLog): void {
    this.origin = checkpoints.at(-1)?.origin ?? neverSealed
    this.#isClosed = isClosed
    this.#keptBack = new KeptBack(checkpoints)
  }

  /** What the deployment's log could not be asked about: its own bytes that were kept back, or a log that it does not know so. */
  unseen(log: ShownLog, origin: string): Verdict[] {
    const { first } = this.#keptBack
    if (log.tenant === "" && !this.#isClosed && first !== undefined) {
      const message = `of leaf ${first} the hash alone is shown, and it is a batch or a tree head`
      return [{ name: "DELETED", origin, message }]
    }
    if (log.tenant === "") return []
    this.#shown.add(tenantTag(log.seed, log.tenant))
    if (this.unknown > 0) return []
    const known = new Set(this.heads(log).map(({ size }) => size))
    const wrong = log.checkpoints.find(({ size, signature }) => signature === "valid" && !known.has(size))
    if (wrong === undefined && known.size > 0) return []
    const message = `of these ${wrong?.size ?? 0} leaves the deployment's log holds no tree head under this log's seed`
    return [{ name: "SPLIT_VIEW", origin, message }]
  }

  get absent(): number {
    return [...this.#heads.keys()].filter((tag) => !this.#shown.has(tag)).length
  }

  /** Under which names a log was signed, and what was kept of it elsewhere; once its leaves were read. */
  known(log: ShownLog, roots: ReadonlyMap<number, Buffer>): Known {
    const eras = log.tenant === "" ? this.#settle(log, roots) : this.#erasOf(log)
    for (const { name } of eras) this.names.add(name)
    const kept = this.outside.flatMap((head) => {
      const era = eras.find(({ name }) => name === head.origin)
      if (era === undefined) return []
      if (head.size <= era.until) return [head]
      return this.#accepts(head) ? [] : [{ ...head, until: era.until }]
    })
    this.compared ||= kept.some(({ lost }) => lost !== true)
    const outside = log.tenant === "" ? kept : [...kept, ...this.heads(log)]
    return { nameAt: (size) => nameAt(eras, size), outside }
  }

  /** Whether the reader knows that it was lost, or that a later one of the same name was, and the log declares so. */
  #accepts({ origin, size, root }: Kept): boolean {
    return this.outside.some(
      (lost) =>
        lost.lost === true &&
        lost.origin === origin &&
        (size < lost.size || (size === lost.size && root.equals(lost.root))) &&
        this.#incarnations?.declares(lost) === true,
    )
  }

  #settle({ checkpoints }: ShownLog, roots: ReadonlyMap<number, Buffer>): readonly Era[] {
    const { keys, retired } = this.trusting
    // A log that nobody signed has no name to compare: what a retired key signed is not here.
    if (checkpoints.length === 0) this.unsigned = lastHeads(retired, keys)
    else this.#ends = earlier(endsOf(this.#rotations, checkpoints), knownEnds(this.origin, retired, keys))
    const trusted = { keys, ends: this.#ends }
    this.#incarnations = new Incarnations(this.origin, this.#acts, this.#batches, trusted, roots)
    return this.#incarnations.eras
  }

  #erasOf(log: ShownLog): readonly Era[] {
    return tenantEras(this.#incarnations?.eras ?? [], log.tenant, this.heads(log))
  }

  heads({ tenant, seed }: ShownLog): Head[] {
    return this.#heads.get(tenantTag(seed, tenant)) ?? []
  }

  sealedIn(log: ShownLog): SealTimes {
    if (log.tenant === "") return (index) => firstBeyond(this.#batches, index, ({ leaf }) => leaf)
    const heads = this.heads(log)
    return (index) => firstBeyond(heads, index, ({ size }) => size)?.sealed
  }

  /** Times that a database keeps beside what is signed of this log; none of a bundle. */
  storedTimes(log: ShownLog): StoredTime[] {
    const heads = new Map(this.heads(log).map(({ size, sealed }) => [size, sealed]))
    const sealedAt = (size: number): Batch | undefined =>
      log.tenant === "" ? lastUpTo(this.#batches, size - 1, ({ leaf }) => leaf) : heads.get(size)
    const ofCheckpoints = log.checkpoints.flatMap(({ size, storedAt }) => {
      const signed = sealedAt(size)?.micros
      return storedAt === undefined || signed === undefined
        ? []
        : [{ what: `the checkpoint of size ${size}`, stored: storedAt, signed }]
    })
    return log.tenant === "" ? [...this.#movedEntries, ...ofCheckpoints] : ofCheckpoints
  }

  /** What a key signed after it was retired, in a log that was read to its end. */
  afterEnd(log: ShownLog, origin: string): Verdict[] {
    if (log.tenant === "") return signedAfterEnd(origin, log.checkpoints, this.#ends, ({ size }) => size)
    if (this.#ends.size === 0) return []
    const signedAt = new Map(this.heads(log).map(({ size, leaf }) => [size, leaf + 1]))
    return signedAfterEnd(origin, log.checkpoints, this.#ends, ({ size }) => signedAt.get(size))
  }

  async *watch(leaves: Pages): Pages {
    for await (const page of leaves) yield this.#watched(page)
  }

  *#watched(page: Iterable<ShownLeaf>): Iterable<ShownLeaf> {
    for (const leaf of page) {
      if (leaf.entry !== undefined) this.#read(leaf.entry, leaf)
      else if (leaf.event === undefined && leaf.gone !== true && leaf.unknown !== true) this.#keptBack.leaf(leaf.index)
      const act = actOf(leaf)
      if (act !== undefined && "retired" in act) this.#rotations.push(act)
      if (act !== undefined && "incarnation" in act) this.#acts.push(act)
      yield leaf
    }
  }

  #read(bytes: Buffer, { index: leaf, storedAt }: ShownLeaf): void {
    const entry = readEntry(bytes)
    const signed = entry?.kind === "batch" ? entry.micros : this.newest?.micros
    if (entry !== undefined && storedAt !== undefined && signed !== undefined) {
      const time = { what: `leaf ${leaf}`, stored: storedAt, signed }
      if (isMoved(time)) this.#movedEntries.push(time)
    }
    if (entry === undefined) this.unknown++
    else if (entry.kind === "head") {
      const heads = this.#heads.get(entry.tag) ?? []
      heads.push({ size: entry.size, root: entry.root, leaf, sealed: this.#batches.at(-1) })
      this.#heads.set(entry.tag, heads)
    } else {
      const gap = captureGap(this.origin, this.newest, entry)
      if (gap !== undefined) this.gaps.push(gap)
      const since = this.#batches.at(-1)?.at ?? Number.NEGATIVE_INFINITY
      const { at: when, incarnation, micros, number } = entry
      this.#keptBack.batch(leaf, number)
      this.#batches.push({ leaf, since, at: when.getTime(), when, micros, incarnation })
      this.newest = entry
    }
  }
}

/** A log that an anchor knows and nobody shows. */
function missingLogs(outside: readonly Checkpoint[], names: ReadonlySet<string>): Verdict[] {
  return outside
    .filter((head) => !names.has(head.origin))
    .map((head) => ({
      name: "ROLLED_BACK" as const,
      origin: head.origin,
      message: `outside, ${head.size} leaves of this log were signed; the log is not there`,
    }))
}
