import { WardkeepError } from "@wardkeep/core"
import type { Context } from "../context/context.js"
import type { SafeLogger } from "../log.js"
import { askIn, runWatched } from "./asking.js"
import { Connections, type ConnectionsOptions } from "./connections.js"
import { after, Deadline, within } from "./deadline.js"
import { otherStrategy, outward, worthAnotherTry } from "./errors.js"
import type { GuardOptions } from "./guard.js"
import { HiddenColumns, type PartialTables } from "./hidden/hidden-columns.js"
import { judge } from "./judge.js"
import { Lanes } from "./lanes.js"
import { type Ask, callOf, type Observed, showsRows, type ViewObserver, type Watch } from "./observe.js"
import type { Settings } from "./options.js"
import { OwnUnit, type Reading, type Sending } from "./own-unit.js"
import { type RefusalRecorder, Refusals } from "./refusals.js"
import { StatementCatalog, type Text } from "./statements.js"
import { ServerTerms } from "./terms.js"
import { connect } from "./wire/connect.js"
import type { Connection, ConnectionEvents } from "./wire/connection.js"
import { Statement, type Step, step } from "./wire/statement.js"
import { type Result, Unit, type UnitOwner } from "./wire/unit.js"
import { wireValues } from "./wire/values.js"

export interface RuntimeOptions extends GuardOptions {
  readonly settings: Settings
  readonly hostSchemas: readonly string[]
  readonly keepDetail: boolean
  readonly observer: ViewObserver | undefined
  readonly refusals: RefusalRecorder | undefined
  readonly partial: PartialTables
}

const noSteps: readonly Step[] = []
/** A pooler's session may be in a role somebody left. */
const bareLogin = "select where pg_catalog.set_config('role', 'none', true) is null"
const preparedPerConnection = 500
const grace = 5000

/** Sessions, statements and the server's terms of one client; runs units, and sends again what may be sent again. */
export class Runtime implements UnitOwner {
  readonly settings: Settings
  readonly log: SafeLogger
  readonly statements: StatementCatalog
  readonly connections: Connections
  readonly terms: ServerTerms
  readonly keepDetail: boolean
  readonly observer: ViewObserver | undefined
  readonly refusals: Refusals
  readonly hidden: HiddenColumns
  readonly #lanes: Lanes | undefined
  readonly #sessions: ConnectionsOptions
  #aside: Connections | undefined
  readonly #recording = new Set<Promise<unknown>>()
  #closed = false

  constructor(options: RuntimeOptions) {
    const { settings, hostSchemas, keepDetail, observer, refusals, partial, ...guard } = options
    this.observer = observer
    this.refusals = new Refusals(refusals, this)
    this.hidden = new HiddenColumns(this, partial)
    this.settings = settings
    this.log = options.log
    this.keepDetail = keepDetail
    this.statements = new StatementCatalog({
      named: settings.named,
      roleComment: settings.pooler,
      salt: settings.searchPath,
    })
    const sessions = {
      ...settings,
      stallTimeout: settings.statementTimeout + grace,
      open: (events: ConnectionEvents) => this.open(events),
    }
    this.#sessions = sessions
    this.connections = new Connections(sessions)
    if (settings.lanes > 0) this.#lanes = new Lanes({ ...sessions, count: settings.lanes })
    this.terms = new ServerTerms({
      settings,
      statements: this.statements,
      hostSchemas,
      guard,
      ask: async <R>(text: string): Promise<R[]> => (await this.bare<R>(text, [])).rows,
    })
  }

  get started(): boolean {
    return this.terms.prologue !== undefined
  }

  /** Checks login and server once; every call waits for the same check. */
  async start(): Promise<void> {
    await this.terms.start()
  }

  async open(events: ConnectionEvents): Promise<Connection> {
    const { config, searchPath, statementTimeout, maxTransaction, pooler } = this.settings
    return await connect(
      {
        config,
        searchPath,
        statementTimeout,
        idleInTransactionTimeout: maxTransaction + grace,
        pooler,
        preparedStatements: preparedPerConnection,
      },
      events,
    )
  }

  /** The steps that give a unit this context. */
  steps(context: Context): readonly Step[] {
    const { prologue } = this.terms
    if (prologue === undefined) throw new WardkeepError("WK901", { message: "used before start" })
    return context.steps(prologue, prologue.make)
  }

  /** One text in one context, as a transaction of its own. */
  run<R>(context: Context, text: Text, values: readonly unknown[], reading: Reading | undefined): Promise<Result<R>> {
    const observed = { context, text, parameters: values.length, reading }
    const watch = this.watch(observed)
    const checked = this.hidden.check(context, text, values.length)
    if (checked === undefined) return this.#seen<R>(observed, values, watch)
    const wire = wireValues(values)
    const send = (left = reading) => this.#seen<R>({ ...observed, reading: left }, wire, watch)
    return within(reading, this.recording(after(reading, checked, send)))
  }

  #seen<R>(observed: Observed, values: readonly unknown[], watch: Watch | undefined): Promise<Result<R>> {
    if (watch === undefined) return this.alone<R>(observed.context, observed.text, values, observed.reading)
    return within(observed.reading, this.recording(runWatched<R>(this, observed, values, watch)))
  }

  /** Follows a statement that shows rows, where the policy records views. */
  watch(observed: Observed): Watch | undefined {
    if (this.observer === undefined || !showsRows(observed.text)) return undefined
    return this.observer.watch(callOf(observed, this.observer.sites === true))
  }

  askFor(context: Context): Ask {
    return askIn(this, context)
  }

  /** close() waits for work that records a view: its statement has given its session back. */
  recording<T>(work: Promise<T>): Promise<T> {
    const watched = work.finally(() => this.#recording.delete(watched))
    this.#recording.add(watched)
    return watched
  }

  /** Sessions for what is asked beside the callers' statements; none is opened before. @throws WK009 after close() */
  get aside(): Connections {
    if (this.#closed) throw new WardkeepError("WK009", { message: "the client was closed" })
    this.#aside ??= new Connections({ ...this.#sessions, min: 0 })
    return this.#aside
  }

  /** A statement of the client's own in a context, on a session apart. */
  async ask<R>(context: Context, text: string, values: readonly unknown[]): Promise<Result<R>> {
    return await this.alone<R>(context, this.statements.read(text), values, undefined, { aside: true })
  }

  /** A transaction of its own, whoever observes. */
  alone<R>(
    context: Context,
    text: Text,
    values: readonly unknown[],
    reading: Reading | undefined,
    sending: Sending = {},
  ): Promise<Result<R>> {
    const statement = this.statements.forRole(text, context.dbRole)
    const wire = wireValues(values)
    const deadline = Deadline.of(reading)
    // What may be cancelled runs alone: on a shared session the statements behind it would wait for what nobody wants.
    const shared = this.#lanes !== undefined && !statement.suspect && deadline === undefined && sending.aside !== true
    const unit = new OwnUnit(statement, wire, reading, context, text, deadline, shared, sending)
    const promise = unit.settled<R>()
    unit.owner = this
    if (deadline !== undefined) this.#limit(unit, deadline)
    this.#dispatch(unit)
    return promise
  }

  /** A statement of the client's own on the bare login, without a context. */
  async bare<R>(text: string, values: readonly unknown[]): Promise<Result<R>> {
    const connection = await this.connections.acquire()
    try {
      const unit = new Unit(new Statement(text, ""), wireValues(values))
      const promise = unit.settled<R>()
      connection.send(unit, this.settings.pooler ? [step(new Statement(bareLogin, ""))] : noSteps)
      return await promise
    } catch (error) {
      throw outward(error, undefined, this.keepDetail)
    } finally {
      this.connections.release(connection)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#lanes?.end(), this.connections.end()])
    // What was shown until now is still to be recorded.
    while (this.#recording.size > 0) await Promise.allSettled(this.#recording)
    this.#closed = true
    await this.#aside?.end()
  }

  ended(ended: Unit, connection: Connection, error: unknown): void {
    const unit = ended as OwnUnit
    let failure = error
    if (connection.status !== "I" && !connection.closed) {
      failure ??= new WardkeepError("WK109", { message: "a statement left a transaction open" })
      connection.destroy(new WardkeepError("WK109", { message: "a statement left a transaction open" }))
    }
    if (unit.statement.suspect) connection.tainted = true
    if (failure === undefined) {
      this.#giveBack(unit, connection)
      unit.deadline?.clear()
      unit.resolve(unit.result())
      return
    }
    this.#failed(unit, connection, failure)
  }

  #failed(unit: OwnUnit, connection: Connection, error: unknown): void {
    const again = unit.attempts === 0 && unit.deadline?.error === undefined
    judge(this, unit, connection, error)
    this.#giveBack(unit, connection)
    if (again && worthAnotherTry(error, unit.progress)) this.#retry(unit)
    else if (again && otherStrategy(error, unit.progress))
      this.terms.changedSince(unit.sentAt).then(
        (changed) => (changed ? this.#retry(unit) : this.#reject(unit, error)),
        () => this.#reject(unit, error),
      )
    else this.#reject(unit, error)
  }

  /** Only after an error of the server, which has rolled back all of it. */
  #retry(unit: OwnUnit): void {
    unit.rewind()
    unit.statement = this.statements.forRole(this.statements.read(unit.text.text), unit.context.dbRole)
    this.#dispatch(unit)
  }

  #reject(unit: OwnUnit, error: unknown): void {
    unit.deadline?.clear()
    const said = outward(error, unit.statement, this.keepDetail, unit.progress)
    if (!unit.aside) this.refusals.note(unit.context, said, unit.text.text, unit.reads)
    unit.reject(said)
  }

  #dispatch(unit: OwnUnit): void {
    if (!this.started) {
      this.start().then(
        () => this.#dispatch(unit),
        (error: unknown) => unit.reject(error),
      )
      return
    }
    const source = unit.shared && this.#lanes !== undefined ? this.#lanes : this.#poolOf(unit)
    const connection = source.take()
    if (connection !== undefined) this.#send(unit, connection)
    else
      source.acquire(unit.deadline).then(
        (found) => this.#send(unit, found),
        (error: unknown) => {
          unit.deadline?.clear()
          unit.reject(error)
        },
      )
  }

  #send(unit: OwnUnit, connection: Connection): void {
    try {
      if (unit.deadline?.error !== undefined) throw unit.deadline.error
      if (unit.shared) connection.gather()
      connection.send(unit, this.steps(unit.context))
    } catch (error) {
      this.#giveBack(unit, connection)
      unit.deadline?.clear()
      unit.reject(error)
    }
  }

  #poolOf(unit: OwnUnit): Connections {
    return unit.aside ? (this.#aside ?? this.aside) : this.connections
  }

  #giveBack(unit: OwnUnit, connection: Connection): void {
    if (unit.shared) return
    this.#poolOf(unit).release(connection)
  }

  #limit(unit: OwnUnit, deadline: Deadline): void {
    deadline.onExpire((error) => {
      unit.reject(error)
      if (unit.connection === undefined) return
      this.#poolOf(unit).abandon(unit.connection, error)
    })
  }
}
