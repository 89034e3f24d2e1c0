import { WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { requestCancel } from "./cancel.js"
import { FrameWriter } from "./frames.js"
import { handlers, type Message } from "./messages.js"
import { PreparedNames } from "./prepared-names.js"
import { RowShape } from "./row-shape.js"
import type { Statement, Step } from "./statement.js"
import type { Unit } from "./unit.js"

export interface ConnectionEvents {
  /** The connection is closed and every unit on it has ended. */
  closed(connection: Connection, error: WardkeepError): void
}

const writer = new FrameWriter()
const noName = Buffer.alloc(0)

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
  readonly #names: PreparedNames
  readonly #units: Unit[] = []
  readonly #waiting: (() => void)[] = []
  #poison: WardkeepError | undefined
  #corked = false
  /** As the last ReadyForQuery said: I idle, T in a transaction, E in a failed one. */
  status = "I"
  closed = false
  /** Destroyed instead of reused: a statement on it may have changed the session. */
  tainted = false
  uses = 0
  readonly openedAt = Date.now()
  idleSince = 0

  constructor(
    client: pg.Client,
    events: ConnectionEvents,
    options: { readonly capacity: number; readonly expected: ReadonlyMap<string, readonly string[]> },
  ) {
    this.client = client
    this.#events = events
    this.#names = new PreparedNames(options.capacity)
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

  /** Milliseconds since the oldest unit was sent. */
  stalled(now: number): number {
    const first = this.#units[0]
    return first === undefined ? 0 : now - first.sentAt
  }

  /** Resolves when every unit on it has ended. */
  async quiet(): Promise<void> {
    if (this.#units.length > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Sends `steps`, the unit's statement and a Sync in one write. Throws what a value's conversion throws; then nothing was sent. */
  send(unit: Unit, steps: readonly Step[]): void {
    if (this.closed || this.#poison !== undefined) throw this.#poison ?? lost(undefined)
    unit.skip = steps.length
    if (steps.length === 0) unit.progress = "main"
    try {
      this.#names.closeForgotten(writer)
      for (const step of steps) this.#writeStep(unit, step)
      this.#writeMain(unit)
      if (unit.closing) {
        this.#names.forget(unit.statement)
        this.#names.closeForgotten(writer)
      }
    } catch (error) {
      // A Close that was written is lost with the rest, so the names on this session are no longer known.
      writer.reset()
      this.tainted = true
      this.#names.forgetUnparsed(unit)
      throw error
    }
    writer.sync()
    this.#submit(unit)
  }

  /** The next rows of a portal this connection holds open. */
  fetch(unit: Unit): void {
    if (this.closed || this.#poison !== undefined) throw this.#poison ?? lost(undefined)
    unit.progress = "main"
    writer.executePortal(unit.portal, unit.limit)
    writer.sync()
    this.#submit(unit)
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

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
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
    this.#names.forgetUnparsed(unit)
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
    this.#names.forget(statement)
  }

  #end(unit: Unit): void {
    const { owner, error } = unit
    unit.connection = undefined
    if (owner !== undefined) owner.ended(unit, this, error)
    else if (error !== undefined) unit.reject(error)
    else unit.resolve(unit.result())
    if (this.#waiting.length > 0 && this.#units.length === 0) for (const resume of this.#waiting.splice(0)) resume()
  }

  #submit(unit: Unit): void {
    unit.sentAt = Date.now()
    unit.connection = this
    this.#units.push(unit)
    this.uses++
    this.#write()
  }

  #write(): void {
    this.#stream.write(writer.take())
  }

  #writeStep(unit: Unit, step: Step): void {
    const { statement } = step
    const prepared = this.#names.prepare(writer, unit, statement)
    if (prepared === undefined) {
      writer.bind("", noName, step.values)
      writer.execute()
      return
    }
    if (step.frames === undefined) {
      const own = new FrameWriter()
      own.bind("", statement.nameBytes, step.values)
      own.execute()
      step.frames = own.take()
    }
    writer.raw(step.frames)
  }

  #writeMain(unit: Unit): void {
    const { statement } = unit
    const prepared = this.#names.prepare(writer, unit, statement)
    unit.prepared = prepared
    writer.bind(unit.portal, prepared === undefined ? noName : statement.nameBytes, unit.values)
    const shape = prepared?.shape
    if (shape === undefined || (shape !== null && unit.types !== undefined)) {
      if (unit.portal === "") writer.describe()
      else writer.describeNamed(unit.portal)
    } else if (shape !== null) unit.shape = shape
    if (unit.portal === "" && unit.limit === 0) writer.execute()
    else writer.executePortal(unit.portal, unit.limit)
  }
}

function lost(cause: unknown): WardkeepError {
  return new WardkeepError("WK109", {
    message: "the connection to the server was lost",
    ...(cause !== undefined && { cause }),
  })
}
