import type { Checkpoint } from "./note.js"

/**
 * Leaves of the deployment's log of which the hash alone is shown. An event may be kept back; a batch or a tree head may not, or
 * nobody would miss what it tells: that a clinic's log was longer, that capture was off. A batch is its events, the batch's own
 * leaf and the tree heads, then a checkpoint.
 */
export class KeptBack {
  readonly #sizes: readonly number[]
  #passed = 0
  /** Of the batch read last: its number, and at which size it was signed. */
  #number = 0
  #end = 0
  /** The first leaf since then that is one of the next batch's events, if the next batch is shown. */
  #waiting: number | undefined
  #wrong: number | undefined

  /** @param checkpoints of the deployment's log, whoever signed them */
  constructor(checkpoints: readonly Checkpoint[]) {
    this.#sizes = checkpoints.map(({ size }) => size).sort((a, b) => a - b)
  }

  leaf(index: number): void {
    if (index < this.#end) this.#wrong ??= index
    else this.#waiting ??= index
  }

  batch(index: number, number: number): void {
    if (number !== this.#number + 1) this.#wrong ??= this.#waiting
    this.#waiting = undefined
    this.#number = number
    while ((this.#sizes[this.#passed] ?? Number.POSITIVE_INFINITY) <= index) this.#passed++
    this.#end = this.#sizes[this.#passed] ?? Number.POSITIVE_INFINITY
  }

  /** The first leaf that can be no event; once every leaf was read. */
  get first(): number | undefined {
    return this.#wrong ?? this.#waiting
  }
}
