import { WardkeepError } from "@wardkeep/core"
import { actOf, type DropAct, type RotationAct } from "./acts.js"
import { captureGap } from "./capture.js"
import type { SealedIn, SealTimes } from "./dropped.js"
import { type DeploymentEntry, readEntry } from "./entries.js"
import { tenantTag } from "./hashing.js"
import { type ShownLeaf, verifyLog } from "./log.js"
import type { Checkpoint } from "./note.js"
import { type Ends, endsOf, signedAfterEnd } from "./retired.js"
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
  readonly leaves: AsyncIterable<ShownLeaf>
}

export interface VerifiedLogs {
  readonly verdicts: Verdict[]
  readonly logs: VerifiedLog[]
  /** The name of the deployment's log. */
  readonly origin: string
  /** What the newest batch says it has seen. */
  readonly snapshot: string | undefined
  /** Months that were dropped for good, of each tenant. */
  readonly done: readonly { readonly tenant: string; readonly origin: string; readonly acts: readonly DropAct[] }[]
  /** Entries of a version that this verifier does not know; nothing was said about them. */
  readonly unknown: number
}

/**
 * Verifies the deployment's log and then the tenants', each against its own checkpoints, the tree heads that the
 * deployment's log holds of it, and the checkpoints that were kept elsewhere.
 */
export async function verifyLogs(logs: AsyncIterable<ShownLog>, kept: readonly Checkpoint[]): Promise<VerifiedLogs> {
  const view = new DeploymentView()
  const verdicts: Verdict[] = []
  const verified: VerifiedLog[] = []
  const done: VerifiedLogs["done"][number][] = []
  for await (const log of logs) {
    if (log.tenant === "") view.origin = log.checkpoints.at(-1)?.origin ?? "the deployment's log, never sealed"
    const origin = log.tenant === "" ? view.origin : `${view.origin}/${encodeURIComponent(log.tenant)}`
    const outside = [
      ...kept.filter((head) => head.signature === "valid" && head.origin === origin),
      ...(log.tenant === "" ? [] : view.heads(log)),
    ]
    const leaves = log.tenant === "" ? view.watch(log.leaves) : log.leaves
    const { checkpoints } = log
    const result = await verifyLog({ origin, leaves, checkpoints, outside, sealedIn: view.sealedIn(log) })
    verdicts.push(...(log.faults ?? []), ...result.verdicts, ...view.afterEnd(log, origin))
    view.unknown += result.unknown
    if (result.done.length > 0) done.push({ tenant: log.tenant, origin, acts: result.done })
    const { size, withheld, erased, dropped } = result
    verified.push({ origin, size, withheld, erased, dropped })
  }
  verdicts.push(...missingLogs(kept, verified), ...view.gaps)
  const { origin, snapshot, unknown } = view
  return { verdicts, logs: verified, origin, snapshot, done, unknown }
}

/** What a verifier must not pass over: an entry it cannot read, in a log in which it found nothing else. */
export function requireKnown({ verdicts, unknown }: Pick<VerifiedLogs, "verdicts" | "unknown">): void {
  if (unknown === 0 || verdicts.some(isFault)) return
  throw new WardkeepError("WK407", { message: `${unknown} entries are of a version that this verifier does not know` })
}

/** @throws WK406 a checkpoint that was kept is of another deployment: comparing would say nothing */
export function requireSameDeployment(log: string, kept: readonly Checkpoint[]): void {
  const base = (origin: string): string => origin.split("/").slice(0, 3).join("/")
  const other = kept.find((head) => head.signature === "valid" && base(head.origin) !== base(log))
  if (other === undefined) return
  throw new WardkeepError("WK406", {
    message: `what is shown is of ${base(log)}, an anchor is of ${base(other.origin)}`,
  })
}

/** A tenant's tree head, and at which leaf of the deployment's log it stands. */
interface Head {
  readonly size: number
  readonly root: Buffer
  readonly leaf: number
  readonly sealed: SealedIn | undefined
}

/** What the deployment's log tells about the others, learned while it is verified. */
class DeploymentView {
  readonly gaps: Verdict[] = []
  readonly #heads = new Map<string, Head[]>()
  readonly #rotations: RotationAct[] = []
  /** Each with its leaf: what the deployment's log says of itself stands before it. */
  readonly #batches: (SealedIn & { readonly leaf: number })[] = []
  #ends: Ends = new Map()
  #last: Extract<DeploymentEntry, { kind: "batch" }> | undefined
  origin = ""
  unknown = 0

  get snapshot(): string | undefined {
    return this.#last?.snapshot
  }

  heads({ tenant, seed }: ShownLog): Head[] {
    return this.#heads.get(tenantTag(seed, tenant)) ?? []
  }

  sealedIn(log: ShownLog): SealTimes {
    if (log.tenant === "") return (index) => firstBeyond(this.#batches, index, ({ leaf }) => leaf)
    const heads = this.heads(log)
    return (index) => firstBeyond(heads, index, ({ size }) => size)?.sealed
  }

  /** What a key signed after it was retired, in a log that was read to its end. */
  afterEnd(log: ShownLog, origin: string): Verdict[] {
    if (log.tenant === "") {
      this.#ends = endsOf(this.#rotations, log.checkpoints)
      return signedAfterEnd(origin, log.checkpoints, this.#ends, ({ size }) => size)
    }
    if (this.#ends.size === 0) return []
    const signedAt = new Map(this.heads(log).map(({ size, leaf }) => [size, leaf + 1]))
    return signedAfterEnd(origin, log.checkpoints, this.#ends, ({ size }) => signedAt.get(size))
  }

  async *watch(leaves: AsyncIterable<ShownLeaf>): AsyncIterable<ShownLeaf> {
    for await (const leaf of leaves) {
      if (leaf.entry !== undefined) this.#read(leaf.entry, leaf.index)
      const act = actOf(leaf)
      if (act !== undefined && "retired" in act) this.#rotations.push(act)
      yield leaf
    }
  }

  #read(bytes: Buffer, leaf: number): void {
    const entry = readEntry(bytes)
    if (entry === undefined) this.unknown++
    else if (entry.kind === "head") {
      const heads = this.#heads.get(entry.tag) ?? []
      heads.push({ size: entry.size, root: entry.root, leaf, sealed: this.#batches.at(-1) })
      this.#heads.set(entry.tag, heads)
    } else {
      const gap = captureGap(this.origin, this.#last, entry)
      if (gap !== undefined) this.gaps.push(gap)
      const since = this.#batches.at(-1)?.at ?? Number.NEGATIVE_INFINITY
      this.#batches.push({ leaf, since, at: entry.at.getTime() })
      this.#last = entry
    }
  }
}

/** Of what grows, the first that is larger than `index`. */
function firstBeyond<T>(growing: readonly T[], index: number, of: (each: T) => number): T | undefined {
  let low = 0
  let high = growing.length
  while (low < high) {
    const middle = (low + high) >> 1
    const each = growing[middle]
    if (each !== undefined && of(each) <= index) low = middle + 1
    else high = middle
  }
  return growing[low]
}

/** A log that an anchor knows and nobody shows. */
function missingLogs(kept: readonly Checkpoint[], present: readonly { origin: string }[]): Verdict[] {
  return kept
    .filter((head) => head.signature === "valid" && !present.some((log) => log.origin === head.origin))
    .map((head) => ({
      name: "ROLLED_BACK" as const,
      origin: head.origin,
      message: `outside, ${head.size} leaves of this log were signed; the log is not there`,
    }))
}
