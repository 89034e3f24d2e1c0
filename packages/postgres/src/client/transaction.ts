import { WardkeepError } from "@wardkeep/core"
import type { ContextStore, OpenTransaction } from "../context/store.js"
import type { Channel } from "./channel.js"
import { boundTo, requireRun } from "./own-run.js"
import type { Queries, QueryOptions, Values } from "./queries.js"
import type { Runtime } from "./runtime.js"
import { type StreamOptions, streamRows } from "./stream.js"
import type { Row } from "./wire/row-shape.js"
import type { Result } from "./wire/unit.js"

/**
 * The handle of a transaction: usable inside its callback and nowhere else, also where it was handed to another `wk.run` or
 * to code outside of any. Queries of one handle may overlap (`Promise.all`); they run in the order of their calls.
 */
export class Transaction implements Queries, OpenTransaction {
  readonly parent: Transaction | undefined
  readonly #channel: Channel
  readonly #runtime: Runtime
  readonly #store: ContextStore
  readonly #run: object
  readonly #depth: number
  #ended = false
  /** Set while a savepoint is open: the handle around it must wait. */
  #child: Promise<void> | undefined

  constructor(runtime: Runtime, store: ContextStore, run: object, channel: Channel, parent?: Transaction) {
    this.#runtime = runtime
    this.#store = store
    this.#run = run
    this.#channel = channel
    this.parent = parent
    this.#depth = parent === undefined ? 0 : parent.#depth + 1
  }

  get ended(): boolean {
    return this.#ended || (this.parent?.ended ?? false)
  }

  isOf(runtime: Runtime): boolean {
    return this.#runtime === runtime
  }

  async query<R extends object = Row>(text: string, values: Values = [], options?: QueryOptions): Promise<Result<R>> {
    refuseCallback(values, options)
    this.#requireRun()
    while (this.#child !== undefined) await this.#turn()
    this.#requireOpen()
    const read = this.#runtime.statements.read(text)
    if (read.kind.kind !== "query")
      throw new WardkeepError("WK108", {
        message: "transaction control belongs to wk.tx",
        hint: "Nest wk.tx for a savepoint.",
      })
    return await this.#channel.query<R>(read, values, options)
  }

  stream<R extends object = Row>(
    text: string,
    values: Values = [],
    options: StreamOptions = {},
  ): AsyncGenerator<R, void, undefined> {
    const rows = streamRows<R>(this.#runtime, this.#channel, text, values, options, {
      turn: () => (this.#child === undefined ? undefined : this.#turn()),
      requireOpen: () => this.#requireOpen(),
    })
    return boundTo(this.#store, this.#run, rows)
  }

  /** Runs `work` in a savepoint: it alone is undone when `work` throws. */
  async tx<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    this.#requireRun()
    while (this.#child !== undefined) await this.#turn()
    this.#requireOpen()
    let done: () => void = () => undefined
    const child = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#child = child
    try {
      return await this.#nested(work)
    } finally {
      this.#child = undefined
      done()
    }
  }

  async #nested<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const name = `wk_${this.#depth + 1}`
    const nested = new Transaction(this.#runtime, this.#store, this.#run, this.#channel, this)
    const frame = this.#store.get()
    if (frame === undefined) throw new WardkeepError("WK101")
    await this.#channel.control(`savepoint ${name}`)
    let result: T
    try {
      result = await this.#store.run({ ...frame, transaction: nested }, () => work(nested))
    } catch (error) {
      nested.end()
      // If this fails too, the whole transaction is lost, and COMMIT will say so.
      await this.#channel.control(`rollback to savepoint ${name}`).catch(() => undefined)
      throw error
    }
    nested.end()
    await this.#channel.control(`release savepoint ${name}`)
    return result
  }

  end(): void {
    this.#ended = true
  }

  /** Waits for an open savepoint; inside that savepoint waiting would be for ever. */
  async #turn(): Promise<void> {
    for (let inner = this.#store.get()?.transaction; inner !== undefined; inner = inner.parent) {
      if (inner === this) break
      if (inner.parent === this && !inner.ended)
        throw new WardkeepError("WK103", { message: "the outer handle was used inside a nested transaction" })
    }
    await this.#child
  }

  /** After its end that is the fault to name, wherever the handle is. */
  #requireRun(): void {
    this.#requireOpen()
    requireRun(this.#store, this.#run, "the handle of a transaction was used")
  }

  #requireOpen(): void {
    if (this.ended) throw new WardkeepError("WK103", { message: "the transaction of this handle has ended" })
  }
}

/** @throws WK104 a function where values or options belong */
export function refuseCallback(...args: readonly unknown[]): void {
  for (const arg of args) if (typeof arg === "function") throw new WardkeepError("WK104")
}

const late = "a call went on after the transaction it was started in"
const beside = "a call outside the transaction's handle would use another connection"

/** @throws WK103 always: another connection inside a transaction, or work that outlived its transaction */
export function refuseOther(ended: boolean): never {
  throw new WardkeepError("WK103", { message: ended ? late : beside })
}
