import { pick } from "../random.ts"

/** Visits that a writer made, by their numbers. */
export interface Run {
  readonly first: number
  readonly last: number
}

/**
 * The rows of one writer, in the numbers that are its own. What a transaction touches is taken out until it has ended: until
 * then nobody knows what will be left of it.
 */
export class Rows {
  #next: number
  readonly #free: Run[] = []
  readonly #returned: Run[] = []

  /** @param writer from 1; the numbers of two writers are never the same */
  constructor(writer: number) {
    this.#next = writer * 2 ** 32
  }

  /** Before a transaction begins. What is given back while it lasts, its snapshot may not see. */
  begin(): void {
    this.#free.push(...this.#returned.splice(0))
  }

  fresh(count: number): Run {
    const first = this.#next
    this.#next += count
    return { first, last: this.#next - 1 }
  }

  /** A run of rows that are there, at most so many; undefined when none is free. */
  take(random: () => number, most: number): Run | undefined {
    if (this.#free.length === 0) return undefined
    const run = pick(random, this.#free)
    this.#free.splice(this.#free.indexOf(run), 1)
    if (run.last - run.first < most) return run
    const taken = { first: run.first, last: run.first + most - 1 }
    this.#free.push({ first: taken.last + 1, last: run.last })
    return taken
  }

  give(run: Run): void {
    this.#returned.push(run)
  }
}
