import { WardkeepError } from "@wardkeep/core"
import type { Context } from "../context/context.js"
import type { Connections } from "./connections.js"
import { doubt, type Failed, outward, swallowed } from "./errors.js"
import { judge } from "./judge.js"
import { changesRows, mayWrite, released, type Watch } from "./observe.js"
import type { Reading } from "./own-unit.js"
import { beginWith } from "./prologue.js"
import type { Runtime } from "./runtime.js"
import type { Text } from "./statements.js"
import { type How, settleText, WaitingUnits } from "./waiting-units.js"
import type { Connection } from "./wire/connection.js"
import { Statement, type Step, step } from "./wire/statement.js"
import { type Result, Unit, type UnitOwner } from "./wire/unit.js"
import { wireValues } from "./wire/values.js"

export interface ChannelOptions {
  readonly runtime: Runtime
  readonly context: Context
  /** Transaction modes from the closed list of `statement-kind`. */
  readonly modes?: readonly string[]
  /** Where its session comes from; without it, where everybody's does. */
  readonly connections?: Connections
}

/**
 * One explicit transaction on one session. BEGIN and the prologue travel with the first statement, so opening costs no
 * round trip, and a transaction that never asked anything never took a session.
 */
export class Channel implements UnitOwner {
  readonly context: Context
  readonly #runtime: Runtime
  readonly #connections: Connections
  #modes: readonly string[]
  readonly #queued = new WaitingUnits()
  #opening = false
  #held: Connection | undefined
  #begun = false
  #ended: WardkeepError | undefined
  #pending = 0
  #idle: (() => void)[] = []
  /** The first error inside, to name it when COMMIT turns out to be a ROLLBACK. */
  #failure: unknown
  #failedIn: Failed | undefined
  #finishing = false
  #wrote = false

  constructor({ runtime, context, modes, connections }: ChannelOptions) {
    this.#runtime = runtime
    this.#connections = connections ?? runtime.connections
    this.context = context
    this.#modes = modes ?? []
  }

  /** What the server said first, before it was put into the client's words. */
  get failedIn(): Failed | undefined {
    return this.#failedIn
  }

  get begun(): boolean {
    return this.#begun
  }

  /** SET TRANSACTION: possible until the first statement, because the prologue is one. */
  addModes(modes: readonly string[]): void {
    if (this.#begun) throw new WardkeepError("WK108", { message: "SET TRANSACTION must come before any statement" })
    this.#modes = [...this.#modes, ...modes]
  }

  /** Sends a caller's query. What is not known of its text is asked meanwhile; not behind a pooler, where all could hold the last session. */
  query<R>(text: Text, values: readonly unknown[], reading?: Reading): Promise<Result<R>> {
    const { hidden, settings } = this.#runtime
    const checked = settings.pooler ? undefined : hidden.check(this.context, text, values.length)
    const result = this.#unhindered<R>(text, values, reading)
    return checked === undefined ? result : this.#runtime.recording(this.#unless<R>(checked, result))
  }

  /** A transaction in which a statement was refused has failed, as after any error of PostgreSQL. */
  async #unless<R>(checked: Promise<void>, result: Promise<Result<R>>): Promise<Result<R>> {
    result.catch(() => undefined)
    this.#pending++
    try {
      await checked.catch((error: unknown) => this.#spoil(error))
      return await result
    } finally {
      this.#settled()
    }
  }

  #unhindered<R>(text: Text, values: readonly unknown[], reading?: Reading): Promise<Result<R>> {
    const wrote = this.noteWrites(text)
    const watch = this.#runtime.watch({ context: this.context, text, parameters: values.length, reading, wrote })
    const sent = this.watched<R>(text, values, reading, watch)
    return watch ? this.#runtime.recording(sent.then((found) => this.released(text, watch, found))) : sent
  }

  /** Whether something before this text may have written. */
  noteWrites(text: Text): boolean {
    const before = this.#wrote
    this.#wrote ||= this.#runtime.observer !== undefined && changesRows(text)
    return before
  }

  /** Hands rows over. What a write showed unrecorded may not be committed, and what was kept beside rows not be read. */
  released<R>(text: Text, watch: Watch, result: Result<R>): Promise<Result<R>> {
    return released(watch, result, this.#runtime.askFor(this.context)).catch((error: unknown) =>
      mayWrite(text) || watch.leaves?.() ? this.#spoil(error, watch) : Promise.reject(error),
    )
  }

  /** The server takes the transaction, or its savepoint, for failed. What the session itself kept, nobody gets after it. */
  async #spoil(error: unknown, watch?: Watch): Promise<never> {
    this.#failure ??= error
    if (watch?.leaves?.() && this.#held) this.#held.tainted = true
    await this.control("select 1 / 0").catch(() => undefined)
    throw error
  }

  watched<R>(
    text: Text,
    values: readonly unknown[],
    reading: Reading | undefined,
    watch: Watch | undefined,
  ): Promise<Result<R>> {
    const unit = new Unit(this.statement(text), wireValues(values), reading?.rowMode, reading?.types)
    unit.watch = watch
    if (watch !== undefined) {
      const statementOf = (wide: string): Statement => this.statement(this.#runtime.statements.read(wide))
      settleText(unit, this.#runtime.askFor(this.context), statementOf, () => this.#flush())
    }
    return this.send<R>(unit)
  }

  #flush(): void {
    const connection = this.#held
    if (connection !== undefined) this.#queued.flush((unit, how) => this.#submit(unit, connection, how))
  }

  statement(text: Text): Statement {
    return this.#runtime.statements.forRole(text, this.context.dbRole)
  }

  /** Sends a savepoint or the like. Never prepared under a name: ORMs give each savepoint a new one. */
  control(sql: string): Promise<Result<never>> {
    return this.send(new Unit(new Statement(sql, ""), []))
  }

  /** Throws what ended it. */
  requireOpen(): void {
    if (this.#ended !== undefined) throw this.#ended
  }

  /** Costs no round trip: what comes next does not wait for it. */
  closePortal(statement: Statement, portal: string): void {
    if (this.#ended !== undefined || this.#finishing || this.#held === undefined) return
    const unit = new Unit(statement, [])
    unit.portal = portal
    // If it fails, so does the transaction, and whoever asks next hears of it.
    this.send(unit, "close").catch(() => undefined)
  }

  send<R>(unit: Unit, how: How = "send"): Promise<Result<R>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const promise = unit.settled<R>()
    unit.owner = this
    this.#pending++
    if (this.#held !== undefined && !this.#queued.holds(unit)) this.#submit(unit, this.#held, how)
    else {
      this.#queued.push(unit, how)
      if (this.#held === undefined && !this.#opening) this.#open()
    }
    return promise
  }

  /** @throws WK103 an error inside was swallowed and the server rolled back */
  async commit(): Promise<void> {
    await this.#drain()
    if (this.#ended !== undefined) throw this.#ended
    if (this.#begun) {
      this.#finishing = true
      try {
        const { command } = await this.#end("commit")
        if (command !== "COMMIT") throw swallowed(this.#failure)
      } finally {
        this.#close()
      }
    } else this.#close()
  }

  /** Never throws: a session that cannot roll back is destroyed. */
  async rollback(): Promise<void> {
    await this.#drain()
    if (this.#ended === undefined && this.#begun) {
      this.#finishing = true
      await this.#end("rollback").catch((error: unknown) => this.#held?.destroy(doubt(error)))
    }
    this.#close()
  }

  /** Ends it now, whatever is under way: cancels on the server, destroys the session, rejects what waits. */
  abort(error: WardkeepError): void {
    if (this.#ended !== undefined) return
    const connection = this.#held
    this.#close(error)
    if (connection !== undefined) this.#connections.abandon(connection, error)
  }

  ended(unit: Unit, connection: Connection, error: unknown): void {
    if (unit.statement.suspect) connection.tainted = true
    if (error === undefined && !this.#finishing && connection.status === "I" && !connection.closed) {
      const broken = new WardkeepError("WK109", { message: "a statement ended the transaction it was in" })
      connection.destroy(broken)
      this.#settle(unit, broken)
      return
    }
    if (error !== undefined) judge(this.#runtime, unit, connection, error)
    this.#settle(unit, error)
  }

  #end(sql: "commit" | "rollback"): Promise<Result<never>> {
    return this.send(new Unit(this.#runtime.statements.own(sql), []))
  }

  #settle(unit: Unit, error: unknown): void {
    if (error === undefined) unit.resolve(unit.result())
    else {
      this.#failure ??= error
      if (unit.more > 0) unit.watch?.unsuited?.(error)
      this.#failedIn ??= { error, progress: unit.progress, sentAt: unit.sentAt }
      const said = outward(error, unit.statement, this.#runtime.keepDetail, unit.progress)
      if (this.#connections === this.#runtime.connections)
        this.#runtime.refusals.note(this.context, said, unit.statement.text)
      unit.reject(said)
    }
    this.#settled()
  }

  #settled(): void {
    this.#pending--
    if (this.#pending === 0) for (const resume of this.#idle.splice(0)) resume()
  }

  #submit(unit: Unit, connection: Connection, how: How): void {
    try {
      if (this.#ended !== undefined) throw this.#ended
      if (how === "fetch") connection.fetch(unit)
      else if (how === "close") connection.closePortal(unit)
      else if (this.#begun) connection.send(unit, [])
      else {
        const steps: Step[] = [
          step(this.#runtime.statements.own(beginWith(this.#modes))),
          ...this.#runtime.steps(this.context),
        ]
        connection.send(unit, steps)
        this.#begun = true
      }
    } catch (error) {
      this.#settle(unit, error)
    }
  }

  #open(): void {
    this.#opening = true
    const idle = this.#runtime.started ? this.#connections.take() : undefined
    if (idle !== undefined) this.#opened(idle)
    else
      this.#acquire().then(
        (connection) => this.#opened(connection),
        (error: unknown) => {
          this.#opening = false
          this.#queued.empty((unit) => this.#settle(unit, error))
        },
      )
  }

  async #acquire(): Promise<Connection> {
    if (!this.#runtime.started) await this.#runtime.start()
    return await this.#connections.acquire()
  }

  #opened(connection: Connection): void {
    if (this.#ended === undefined) this.#held = connection
    this.#flush()
    if (this.#held === connection) return
    this.#queued.empty((unit) => this.#settle(unit, this.#ended))
    this.#connections.release(connection)
  }

  async #drain(): Promise<void> {
    while (this.#pending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #close(error?: WardkeepError): void {
    this.#ended ??= error ?? new WardkeepError("WK103", { message: "the transaction has ended" })
    const connection = this.#held
    this.#held = undefined
    if (connection !== undefined) this.#queued.empty((unit) => this.#settle(unit, this.#ended))
    if (connection !== undefined && error === undefined) this.#connections.release(connection)
  }
}
