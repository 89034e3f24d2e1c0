import { actOf, type DoneAct, type DropAct } from "./acts.js"
import type { ShownLeaf } from "./log.js"

/** Leaves in a row whose events are not there, with the times of the nearest events that are shown on both sides. */
interface Gap {
  readonly from: number
  to: number
  readonly before: number
  after: number
}

/** When a leaf was sealed, as the signed batches say: in the batch of `at`, and not yet in the one of `since`. In milliseconds. */
export interface SealedIn {
  readonly since: number
  readonly at: number
}

/** Undefined: no batch that is shown sealed this leaf. */
export type SealTimes = (index: number) => SealedIn | undefined

/** No honest log has more gaps; memory is not for whoever wrote the file to fill. */
const mostGaps = 100_000
/** Events are sealed when they are committed: a transaction that was open for so long may stand on the other side of a month's end. */
const day = 86_400_000
/** No event is younger than the batch that seals it, but for a clock that was set right in between. */
const setRight = 600_000
/** What is never dropped, whatever its month. */
const outliving: ReadonlySet<string> = new Set(["retention", "rotation", "incarnation"])

/** Leaves whose events are not there, and the sealed acts that say why. */
export class Gaps {
  readonly #gaps: Gap[] = []
  readonly #acts: DropAct[] = []
  readonly #done: DoneAct[] = []
  /** Of each month that an event is shown of: the first leaf. */
  readonly #shown = new Map<string, number>()
  /** Of the event shown last: the month from and to. */
  #month: readonly [number, number] = [0, 0]
  /** Of how many leaves the gap was one too many to remember. */
  #beyond: number[] = []
  #last = Number.NEGATIVE_INFINITY

  constructor(readonly sealedIn: SealTimes) {}

  see(leaf: ShownLeaf): void {
    if (leaf.gone === true) this.#lost(leaf.index)
    if (leaf.event !== undefined) this.#present(leaf.index, leaf.event)
    const act = actOf(leaf)
    if (act !== undefined && "ranges" in act) this.#acts.push(act)
    if (act !== undefined && "done" in act) this.#done.push(act)
  }

  /** Which acts stand, which were carried out by what the log says, and every leaf whose event is missing without one. */
  settle(): {
    readonly dropped: readonly DropAct[]
    readonly done: readonly DropAct[]
    readonly deleted: Iterable<number>
  } {
    const dropped: DropAct[] = []
    for (const act of this.#acts) if (this.#stands(act) && !dropped.some((one) => overlap(one, act))) dropped.push(act)
    const covered = dropped.flatMap(({ ranges }) => ranges).sort((a, b) => a[0] - b[0])
    const done = this.#acts.filter((act) => this.#done.some(({ leaf, done }) => done === act.month && leaf > act.leaf))
    return { dropped, done, deleted: this.#deleted(covered) }
  }

  #lost(index: number): void {
    const last = this.#gaps.at(-1)
    if (last !== undefined && last.to === index - 1) last.to = index
    else if (this.#gaps.length < mostGaps)
      this.#gaps.push({ from: index, to: index, before: this.#last, after: Number.POSITIVE_INFINITY })
    else if (this.#beyond.length < mostGaps) this.#beyond.push(index)
  }

  #present(index: number, { at_us, verb }: { readonly at_us: string; readonly verb: string }): void {
    const at = milliseconds(at_us)
    // Several gaps end here where only leaves stand between them whose events are withheld.
    for (let last = this.#gaps.length - 1; last >= 0; last--) {
      const gap = this.#gaps[last]
      if (gap === undefined || gap.after !== Number.POSITIVE_INFINITY) break
      gap.after = at
    }
    this.#last = at
    if (outliving.has(verb) || Math.abs(at) > 8e15) return
    if (at >= this.#month[0] && at < this.#month[1]) return
    const month = new Date(at).toISOString().slice(0, 7)
    const span = monthSpan(month)
    // Not of the years to which Date.UTC adds 1900.
    if (at >= span[0] && at < span[1]) this.#month = span
    if (!this.#shown.has(month)) this.#shown.set(month, index)
  }

  /**
   * Only where nothing of the month is left, and its leaves stand where events of that month stand: who deletes one event cannot
   * pass it off as a part of a month, nor as a month that the log never had there. At the log's beginning, and next to what was
   * dropped before, no event tells where that is; the batches do, which nobody without the key can date.
   */
  #stands({ leaf, month, ranges }: DropAct): boolean {
    const [start, end] = monthSpan(month)
    if ((this.#shown.get(month) ?? leaf) < leaf) return false
    return ranges.every(([from, to]) => {
      const gap = this.#gapAt(from)
      if (gap === undefined || from < gap.from || to > gap.to) return false
      const [first, last] = [this.sealedIn(from), this.sealedIn(to)]
      if (first === undefined || last === undefined) return false
      if (start - setRight > first.at || end + day < last.since) return false
      // One neighbour may have a time that a wrong clock gave it.
      return start - day <= Math.max(gap.before, gap.after) && end + day >= Math.min(gap.before, gap.after)
    })
  }

  #gapAt(index: number): Gap | undefined {
    let low = 0
    let high = this.#gaps.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#gaps[middle]?.to ?? 0) < index) low = middle + 1
      else high = middle
    }
    return this.#gaps[low]
  }

  *#deleted(covered: readonly (readonly [number, number])[]): Iterable<number> {
    let at = 0
    for (const { from, to } of this.#gaps)
      for (let index = from; index <= to; index++) {
        while ((covered[at]?.[1] ?? Number.POSITIVE_INFINITY) < index) at++
        const range = covered[at]
        if (range !== undefined && range[0] <= index) index = range[1]
        else yield index
      }
    yield* this.#beyond
  }
}

const overlap = (one: DropAct, other: DropAct): boolean =>
  one.ranges.some(([from, to]) => other.ranges.some(([start, end]) => from <= end && start <= to))

function milliseconds(micros: string): number {
  const value = Number(micros)
  return Number.isSafeInteger(value) ? Math.trunc(value / 1000) : Number(BigInt(micros) / 1000n)
}

function monthSpan(month: string): [number, number] {
  const [year = 0, number = 1] = month.split("-").map(Number)
  return [Date.UTC(year, number - 1), Date.UTC(year, number)]
}
