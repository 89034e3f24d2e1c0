import { WardkeepError } from "@wardkeep/core"
import type { Deadline } from "./deadline.js"
import { type Wear, worn } from "./wear.js"
import type { Connection, ConnectionEvents } from "./wire/connection.js"

export interface ConnectionsOptions extends Wear {
  readonly max: number
  readonly min: number
  /** 0: never. */
  readonly idleTimeout: number
  readonly connectionTimeout: number
  /** A unit that has not ended after this long has lost its server. */
  readonly stallTimeout: number
  readonly open: (events: ConnectionEvents) => Promise<Connection>
}

interface Waiter {
  readonly resolve: (connection: Connection) => void
  readonly reject: (error: unknown) => void
}

const sweepEvery = 1000

/**
 * The client's own sessions. Not `pg.Pool`: its checkout goes through a tick, a promise and two timers, a tenth of a
 * point query, and here an idle session is handed out at once. Nobody else's statements run on these sessions.
 */
export class Connections implements ConnectionEvents {
  readonly #options: ConnectionsOptions
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  readonly #waiting: Waiter[] = []
  readonly #leaving = new Set<Promise<void>>()
  #opening = 0
  #ended: Promise<void> | undefined
  #finish: (() => void) | undefined
  #sweeper: NodeJS.Timeout | undefined

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  get total(): number {
    return this.#all.size + this.#opening
  }

  get idle(): number {
    return this.#idle.length
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get ending(): boolean {
    return this.#ended !== undefined
  }

  /** An idle session, at once; undefined when there is none or others are waiting. */
  take(): Connection | undefined {
    if (this.#waiting.length > 0) return undefined
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined || connection.sound) return connection
      this.#discard(connection)
    }
  }

  /** @throws WK005 cannot connect, or none became free in time · WK111 aborted · WK009 after close() */
  async acquire(deadline?: Deadline): Promise<Connection> {
    if (this.#ended !== undefined) throw new WardkeepError("WK009", { message: "the client was closed" })
    if (deadline?.error !== undefined) throw deadline.error
    const idle = this.take()
    if (idle !== undefined) return idle
    return await new Promise<Connection>((resolve, reject) => {
      const waiter: Waiter = { resolve, reject }
      this.#waiting.push(this.#limited(waiter, deadline))
      this.#grow()
    })
  }

  /** Back from its use: to the next in line, to the idle ones, or destroyed when anything speaks against it. */
  release(connection: Connection): void {
    if (connection.closed) return
    if (!connection.sound || this.#ended !== undefined || worn(connection, this.#options)) {
      this.#discard(connection)
      return
    }
    const waiter = this.#waiting.shift()
    if (waiter !== undefined) {
      waiter.resolve(connection)
      return
    }
    connection.idleSince = performance.now()
    this.#idle.push(connection)
  }

  closed(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#ended !== undefined) this.#finishWhenEmpty()
    else this.#grow()
  }

  /** Ends idle sessions now and the others when they come back. */
  async end(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = new Promise<void>((resolve) => {
        this.#finish = resolve
      })
      clearInterval(this.#sweeper)
      for (const waiter of this.#waiting.splice(0))
        waiter.reject(new WardkeepError("WK009", { message: "the client was closed" }))
      for (const connection of this.#idle.splice(0)) this.#sayGoodbye(connection)
      this.#finishWhenEmpty()
    }
    await this.#ended
    await Promise.allSettled([...this.#leaving])
  }

  #grow(): void {
    while (this.#waiting.length > this.#opening && this.total < this.#options.max && this.#ended === undefined) {
      this.#opening++
      this.#options.open(this).then(
        (connection) => this.#opened(connection),
        (error: unknown) => this.#failed(error),
      )
    }
  }

  #opened(connection: Connection): void {
    this.#opening--
    this.#all.add(connection)
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepEvery).unref()
    this.release(connection)
  }

  #failed(error: unknown): void {
    this.#opening--
    this.#waiting.shift()?.reject(error)
    if (this.#ended !== undefined) this.#finishWhenEmpty()
    else this.#grow()
  }

  #discard(connection: Connection): void {
    if (connection.closed) return
    if (connection.status === "I" && connection.load === 0) this.#sayGoodbye(connection)
    else connection.destroy(new WardkeepError("WK109", { message: "a connection was released in an unknown state" }))
  }

  /** Ends a session whose statement nobody waits for any more, there as well as here. */
  abandon(connection: Connection, error: WardkeepError): void {
    this.#seeOff(connection.abandon(error))
  }

  #sayGoodbye(connection: Connection): void {
    this.#seeOff(connection.end())
  }

  /** close() waits for it. */
  #seeOff(going: Promise<void>): void {
    const leaving = going.finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
    leaving.catch(() => undefined)
  }

  #limited(waiter: Waiter, deadline: Deadline | undefined): Waiter {
    const { connectionTimeout } = this.#options
    if (connectionTimeout === 0 && deadline === undefined) return waiter
    let leaveDeadline = ignore
    const leave = (error: unknown): void => {
      const at = this.#waiting.indexOf(limited)
      if (at < 0) return
      this.#waiting.splice(at, 1)
      limited.reject(error)
    }
    const late = (): void => leave(new WardkeepError("WK005", { message: "no connection became free in time" }))
    const timer = connectionTimeout > 0 ? setTimeout(late, connectionTimeout) : undefined
    const done = (): void => {
      clearTimeout(timer)
      leaveDeadline()
    }
    const limited: Waiter = {
      resolve: (connection) => {
        done()
        waiter.resolve(connection)
      },
      reject: (error) => {
        done()
        waiter.reject(error)
      },
    }
    if (deadline !== undefined) leaveDeadline = deadline.onExpire(leave)
    return limited
  }

  #sweep(): void {
    const now = performance.now()
    const { idleTimeout, min, stallTimeout } = this.#options
    for (const connection of this.#all)
      if (connection.stalled(now) > stallTimeout)
        connection.destroy(new WardkeepError("WK111", { message: "the server did not answer in time" }))
    if (idleTimeout > 0)
      for (const connection of [...this.#idle])
        if (this.#all.size > min && now - connection.idleSince >= idleTimeout) this.#discard(connection)
    if (this.#all.size === 0) {
      clearInterval(this.#sweeper)
      this.#sweeper = undefined
    }
  }

  #finishWhenEmpty(): void {
    if (this.#all.size === 0 && this.#opening === 0) this.#finish?.()
  }
}

function ignore(): void {
  // Nothing to leave.
}
