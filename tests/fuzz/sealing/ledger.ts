/** What one statement recorded of one table: a run of records whose numbers its writer gave out. */
export interface Written {
  /** The request id of the statement, which no other has; it stands in each of its events. */
  readonly request: string
  readonly relation: string
  readonly verb: string
  readonly first: number
  readonly last: number
  /** By a foreign key: the statement itself does not say how many rows. */
  readonly cascades?: true
}

/** A transaction that was committed. */
export interface Committed {
  readonly written: readonly Written[]
  /** Its writer, where it ended before that writer began the next one; such transactions are sealed in their order. */
  readonly inOrderOf: number | undefined
}

export const rowsOf = ({ first, last }: Written): number => last - first + 1

/** The key of record `n`: sorts as the number does. */
export function recordKey(n: number): string {
  const hex = n.toString(16).padStart(32, "0")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** What the writers know that they committed. Nothing in it was read from the log. */
export class Ledger {
  readonly committed: Committed[] = []
  #events = 0
  readonly #ended = new Map<string, number>()

  get events(): number {
    return this.#events
  }

  /** How often transactions ended in each way. */
  get ended(): ReadonlyMap<string, number> {
    return this.#ended
  }

  commit(transaction: Committed): void {
    this.committed.push(transaction)
    for (const written of transaction.written) this.#events += rowsOf(written)
  }

  count(what: string): void {
    this.#ended.set(what, (this.#ended.get(what) ?? 0) + 1)
  }
}
