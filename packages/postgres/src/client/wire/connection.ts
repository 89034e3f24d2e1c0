import { WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { requestCancel } from "./cancel.js"
import { handlers, type Message } from "./messages.js"
import { RowShape } from "./row-shape.js"
import type { Statement, Step } from "./statement.js"
import type { Unit } from "./unit.js"
import { UnitWriter } from "./unit-writer.js"

export interface ConnectionEvents {
  /** The connection is closed and every unit on it has ended. */
  closed(connection: Connection, error: WardkeepError): void
}

/**
 * One server session. Speaks the extended protocol itself once `pg` has connected and signed in, because the rules of
 * a shared session need more than `pg` passes on: every ParseComplete, every ReadyForQuery, every ParameterStatus.
 */
export class Connection {
  readonly client: pg.Client
  readonly #stream: pg.Connection["stream"]
  readonly #events: ConnectionEvents
  /** Settings that may be reported with these values: what the client itself sets behind a pooler. */
  readonly #expected: ReadonlyMap<string, readonly string[]>
  readonly #writer: UnitWriter
  readonly #units: Unit[] = []
  readonly #waiting: (() => void)[] = []
  #poison: WardkeepError | undefined
  #corked = false
  #paused = false
  /** When a unit that waited behind another became the first, or the reader came back from a pause. */
  #resumedAt = 0
  /** As the last ReadyForQuery said: I idle, T in a transaction, E in a failed one. */
  status = "I"
  closed = false
  /** Destroyed instead of reused: a statement on it may have changed the session. */
  tainted = false
  uses = 0
  readonly openedAt = performance.now()
  idleSince = 0

  constructor(
    client: pg.Client,
    events: ConnectionEvents,
    options: { readonly capacity: number; readonly expected: ReadonlyMap<string, readonly string[]> },
  ) {
    this.client = client
    this.#events = events
    this.#writer = new UnitWriter(options.capacity)
    this.#expected = options.expected
    this.#stream = client.connection.stream
    for (const [name, handler] of Object.entries(handlers)) {
      client.connection.removeAllListeners(name)
      client.connection.on(name, (message: Message) => handler(this, message))
    }
    client.on("error", (cause) => this.destroy(lost(cause)))
    client.on("end", () => this.destroy(lost(undefined)))
  }

  get load(): number {
    return this.#units.length
  }

  get current(): Unit | undefined {
    return this.#units[0]
  }

  /** True when nothing is known against it. */
  get sound(): boolean {
    return (
      !this.closed && !this.tainted && this.#poison === undefined && this.status === "I" && this.#units.length === 0
    )
  }

  /** Milliseconds that the server has owed an answer: since the first unit was sent or became the first. */
  stalled(now: number): number {
    const first = this.#units[0]
    return first === undefined || this.#paused ? 0 : now - Math.max(first.sentAt, this.#resumedAt)
  }

  /** Resolves when every unit on it has ended. */
  async quiet(): Promise<void> {
    if (this.#units.length > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Sends `steps`, the unit's statement and a Sync in one write. Throws what is too large for a message; then nothing was sent. */
  send(unit: Unit, steps: readonly Step[]): void {
    this.#requireUsable()
    let bytes: Buffer
    try {
      bytes = this.#writer.unit(unit, steps)
    } catch (error) {
      // A Close that was written is lost with the rest, so the names on this session are no longer known.
      this.tainted = true
      throw error
    }
    this.#submit(unit, bytes)
  }

  /** The next rows of a portal this connection holds open. */
  fetch(unit: Unit): void {
    this.#requireUsable()
    this.#submit(unit, this.#writer.fetch(unit))
  }

  closePortal(unit: Unit): void {
    this.#requireUsable()
    this.#submit(unit, this.#writer.closePortal(unit))
  }

  /** Collects the writes of one turn of the event loop into one; for connections that many callers share. */
  gather(): void {
    if (this.#corked) return
    this.#corked = true
    this.#stream.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#stream.uncork()
    })
  }

  /** Ends the session at once. Units on it end with `error`: nobody knows how far they came. */
  destroy(error: WardkeepError): void {
    if (this.closed) return
    this.#leave(error)
    this.#stream.destroy()
  }

  /**
   * As `destroy`, and stops on the server what is under way. Resolves when that was asked for: a pooler passes a cancel
   * request on only while the session it is for is still there.
   */
  async abandon(error: WardkeepError): Promise<void> {
    if (this.closed) return
    const busy = this.#units.length > 0
    this.#leave(error)
    if (busy) await requestCancel(this.client)
    this.#stream.destroy()
  }

  #leave(error: WardkeepError): void {
    this.closed = true
    this.#poison ??= error
    const units = this.#units.splice(0)
    for (const [index, unit] of units.entries()) {
      if (unit.error === undefined || index > 0) {
        unit.progress = "unknown"
        unit.error = error
      }
      this.#end(unit)
    }
    this.#events.closed(this, error)
  }

  /** Says goodbye to the server; for idle connections. */
  async end(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.#events.closed(this, lost(undefined))
    await this.client.end()
  }

  /** The reader is behind. What the server does not say from now on is not its fault. */
  pause(): void {
    this.#paused = true
    this.#stream.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#resumedAt = performance.now()
    this.#stream.resume()
  }

  // What the server says; called by `handlers`.

  parsed(): void {
    const prepared = this.#units[0]?.parsing?.shift()
    if (prepared) prepared.parsed = true
  }

  described(fields: pg.FieldDef[]): void {
    const unit = this.#units[0]
    if (unit === undefined) return
    if (unit.types !== undefined) unit.shape = new RowShape(fields, unit.types)
    else unit.shape = new RowShape(fields, this.client)
    if (unit.prepared !== undefined && unit.types === undefined) unit.prepared.shape = unit.shape
  }

  describedAsNothing(): void {
    const prepared = this.#units[0]?.prepared
    if (prepared !== undefined) prepared.shape = null
  }

  completed(tag: string): void {
    const unit = this.#units[0]
    if (unit === undefined) return
    if (unit.skip > 0) {
      if (--unit.skip === 0) unit.progress = "main"
      return
    }
    unit.tag = tag
    unit.progress = "complete"
  }

  ready(status: string): void {
    this.status = status
    const unit = this.#units.shift()
    if (unit === undefined) return
    this.#writer.names.forgetUnparsed(unit)
    if (this.#units.length > 0) this.#resumedAt = performance.now()
    // The last bytes of an answer may be what filled the reader's buffers; the next answer is not held back for them.
    if (this.#paused) this.resume()
    this.#end(unit)
    if (this.#poison !== undefined) this.destroy(this.#poison)
  }

  /** A setting changed that the client did not change: this unit still ends as it would, the session does not go on. */
  reported(name: string, value: string): void {
    if (this.#expected.get(name)?.includes(value) === true) return
    this.poison(new WardkeepError("WK109", { message: `the setting ${name} of a connection was changed` }))
  }

  poison(error: WardkeepError): void {
    this.#poison ??= error
    if (this.#units.length === 0) this.destroy(this.#poison)
  }

  /** Forgets a statement, so that its next use prepares it anew. */
  forget(statement: Statement): void {
    this.#writer.names.forget(statement)
  }

  #end(unit: Unit): void {
    const { owner, error } = unit
    unit.connection = undefined
    if (owner !== undefined) owner.ended(unit, this, error)
    else if (error !== undefined) unit.reject(error)
    else unit.resolve(unit.result())
    if (this.#waiting.length > 0 && this.#units.length === 0) for (const resume of this.#waiting.splice(0)) resume()
  }

  #requireUsable(): void {
    if (this.closed || this.#poison !== undefined) throw this.#poison ?? lost(undefined)
  }

  #submit(unit: Unit, bytes: Buffer): void {
    unit.sentAt = performance.now()
    unit.connection = this
    this.#units.push(unit)
    this.uses++
    this.#stream.write(bytes)
  }
}

function lost(cause: unknown): WardkeepError {
  return new WardkeepError("WK109", {
    message: "the connection to the server was lost",
    ...(cause !== undefined && { cause }),
  })
}
