import { WardkeepError } from "@wardkeep/core"
import { type Wear, worn } from "./wear.js"
import type { Connection, ConnectionEvents } from "./wire/connection.js"

export interface LanesOptions extends Wear {
  readonly count: number
  readonly stallTimeout: number
  readonly open: (events: ConnectionEvents) => Promise<Connection>
}

const sweepEvery = 1000

/**
 * A few sessions that many callers use at once. Every unit is its own transaction with its own Sync, so the server
 * keeps the contexts apart; a session that shows any sign of foreign state is destroyed with all units on it.
 */
export class Lanes implements ConnectionEvents {
  readonly #options: LanesOptions
  readonly #open: Connection[] = []
  /** Worn sessions: they take no more units and end with their last one. */
  readonly #retired = new Map<Connection, Promise<void>>()
  #opening: Promise<Connection> | undefined
  #ended = false
  #sweeper: NodeJS.Timeout | undefined

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** The session with the fewest units under way; undefined while more are to be opened. */
  take(): Connection | undefined {
    if (this.#ended) return undefined
    const open = this.#open
    if (open.length < this.#options.count && this.#opening === undefined) void this.#grow()
    let best: Connection | undefined
    for (const connection of open) if (best === undefined || connection.load < best.load) best = connection
    return best
  }

  /** A unit with a deadline never comes here: what may be cancelled runs alone. */
  async acquire(): Promise<Connection> {
    if (this.#ended) throw new WardkeepError("WK009", { message: "the client was closed" })
    return await (this.#opening ?? this.#grow())
  }

  closed(connection: Connection): void {
    this.#retired.delete(connection)
    const at = this.#open.indexOf(connection)
    if (at >= 0) this.#open.splice(at, 1)
  }

  /** Waits for the units under way, then says goodbye. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#opening?.catch(() => undefined)
    await Promise.allSettled([...this.#open.slice().map(leave), ...this.#retired.values()])
    clearInterval(this.#sweeper)
  }

  #grow(): Promise<Connection> {
    const opening = this.#options.open(this).then((connection) => {
      this.#opening = undefined
      this.#open.push(connection)
      this.#sweeper ??= setInterval(() => this.#sweep(), sweepEvery).unref()
      return connection
    })
    this.#opening = opening
    opening.catch(() => {
      this.#opening = undefined
    })
    return opening
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of [...this.#open, ...this.#retired.keys()])
      if (connection.stalled(now) > this.#options.stallTimeout)
        connection.destroy(new WardkeepError("WK111", { message: "the server did not answer in time" }))
    for (const connection of this.#open.filter((each) => worn(each, this.#options))) {
      this.#open.splice(this.#open.indexOf(connection), 1)
      const leaving = leave(connection)
      leaving.catch(() => undefined)
      this.#retired.set(connection, leaving)
    }
  }
}

async function leave(connection: Connection): Promise<void> {
  await connection.quiet()
  await connection.end()
}
