import { WardkeepError } from "@wardkeep/core"
import type { Context } from "../context/context.js"
import type { SafeLogger } from "../log.js"
import { Connections } from "./connections.js"
import { Deadline } from "./deadline.js"
import { cutShort, lostName, otherStrategy, outward, worthAnotherTry } from "./errors.js"
import type { GuardOptions, ServerFacts } from "./guard.js"
import { Lanes } from "./lanes.js"
import type { Settings } from "./options.js"
import { OwnUnit, type Reading } from "./own-unit.js"
import { Prologue } from "./prologue.js"
import { keepsNames, readServer } from "./server-facts.js"
import { StatementCatalog, type Text } from "./statements.js"
import { connect } from "./wire/connect.js"
import type { Connection, ConnectionEvents } from "./wire/connection.js"
import { Statement, type Step, step } from "./wire/statement.js"
import { type Result, Unit, type UnitOwner } from "./wire/unit.js"

export interface RuntimeOptions extends GuardOptions {
  readonly settings: Settings
  readonly hostSchemas: readonly string[]
  readonly keepDetail: boolean
}

const noSteps: readonly Step[] = []
/** A pooler's session may be in a role somebody left. */
const bareLogin = "select where pg_catalog.set_config('role', 'none', true) is null"
const preparedPerConnection = 500
const grace = 5000

/** Sessions, statements and the prologue of one client; runs units and decides what their errors mean. */
export class Runtime implements UnitOwner {
  readonly settings: Settings
  readonly log: SafeLogger
  readonly statements: StatementCatalog
  readonly connections: Connections
  readonly #lanes: Lanes | undefined
  readonly #options: RuntimeOptions
  #prologue: Prologue | undefined
  #facts: ServerFacts | undefined
  #starting: Promise<void> | undefined
  #changing: Promise<void> | undefined

  constructor(options: RuntimeOptions) {
    const { settings } = options
    this.#options = options
    this.settings = settings
    this.log = options.log
    this.statements = new StatementCatalog({
      named: settings.named,
      roleComment: settings.pooler,
      salt: settings.searchPath,
    })
    this.connections = new Connections({
      ...settings,
      stallTimeout: this.stallTimeout,
      open: (events) => this.open(events),
    })
    if (settings.lanes > 0)
      this.#lanes = new Lanes({
        count: settings.lanes,
        stallTimeout: this.stallTimeout,
        open: (events) => this.open(events),
      })
  }

  get stallTimeout(): number {
    return this.settings.statementTimeout + grace
  }

  get started(): boolean {
    return this.#prologue !== undefined
  }

  get keepDetail(): boolean {
    return this.#options.keepDetail
  }

  /** Checks login and server once; every call waits for the same check. */
  async start(): Promise<void> {
    this.#starting ??= this.#check().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    await this.#starting
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
    const prologue = this.#prologue
    if (prologue === undefined) throw new WardkeepError("WK901", { message: "used before start" })
    return context.steps(prologue, prologue.make)
  }

  /** One text in one context, as a transaction of its own. */
  run<R>(context: Context, text: Text, values: readonly unknown[], reading: Reading | undefined): Promise<Result<R>> {
    const statement = this.statements.forRole(text, context.dbRole)
    const deadline = Deadline.of(reading)
    // What may be cancelled runs alone: on a shared session the statements behind it would wait for what nobody wants.
    const shared = this.#lanes !== undefined && !statement.suspect && deadline === undefined
    const unit = new OwnUnit(statement, values, reading, context, text, deadline, shared)
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
      const unit = new Unit(new Statement(text, ""), values)
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
      if (!unit.shared) this.connections.release(connection)
      unit.deadline?.clear()
      unit.resolve(unit.result())
      return
    }
    this.#failed(unit, connection, failure)
  }

  #failed(unit: OwnUnit, connection: Connection, error: unknown): void {
    const again = unit.attempts === 0 && unit.deadline?.error === undefined
    this.judge(unit, connection, error)
    if (!unit.shared) this.connections.release(connection)
    if (again && worthAnotherTry(error, unit.progress)) this.#retry(unit)
    else if (again && otherStrategy(error, unit.progress))
      this.#changedOver().then(
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
    unit.reject(outward(error, unit.statement, this.keepDetail, unit.progress))
  }

  /** True when the database verifies contexts in another way than at the start. */
  async #changedOver(): Promise<boolean> {
    const before = this.#prologue
    const strategy = this.#facts?.strategy
    this.#changing ??= this.#check().finally(() => {
      this.#changing = undefined
    })
    await this.#changing
    return this.#facts?.strategy !== strategy || this.#prologue !== before
  }

  /** What an error says about the session it came from. */
  judge({ statement, progress }: Unit, connection: Connection, error: unknown): void {
    if (typeof error !== "object" || error === null || !("code" in error)) return
    if (lostName(error)) {
      if (this.settings.pooler && this.settings.switchable && this.statements.named) {
        this.log.warn(
          { code: String(error.code) },
          "the pooler does not keep prepared statements; going on without names",
        )
        this.statements.setNaming(false)
        this.#prologue = this.#facts === undefined ? undefined : this.#newPrologue(this.#facts)
      } else this.#distrust(connection, "a prepared statement was lost or replaced")
    } else if (error.code === "WK109" || cutShort(error, progress)) this.#distrust(connection, "a setting was changed")
    else if (error.code === "0A000") connection.forget(statement)
  }

  #distrust(connection: Connection, reason: string): void {
    if (connection.closed) return
    this.log.warn({ code: "WK109", reason }, "a connection was destroyed")
    connection.destroy(new WardkeepError("WK109", { message: reason }))
  }

  #dispatch(unit: OwnUnit): void {
    if (this.#prologue === undefined) {
      this.start().then(
        () => this.#dispatch(unit),
        (error: unknown) => unit.reject(error),
      )
      return
    }
    const source = unit.shared && this.#lanes !== undefined ? this.#lanes : this.connections
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
      if (!unit.shared) this.connections.release(connection)
      unit.deadline?.clear()
      unit.reject(error)
    }
  }

  #limit(unit: OwnUnit, deadline: Deadline): void {
    deadline.onExpire((error) => {
      unit.reject(error)
      if (unit.connection !== undefined) this.connections.abandon(unit.connection, error)
    })
  }

  async #check(): Promise<void> {
    const { hostSchemas, ...guard } = this.#options
    const bare = async <R>(text: string): Promise<R[]> => (await this.bare<R>(text, [])).rows
    const facts = await readServer(bare, hostSchemas, guard)
    if (
      this.settings.pooler &&
      this.settings.switchable &&
      !this.statements.named &&
      (await keepsNames(this.connections))
    )
      this.statements.setNaming(true)
    this.#facts = facts
    this.#prologue = this.#newPrologue(facts)
  }

  #newPrologue(facts: ServerFacts): Prologue {
    const { settings } = this
    return new Prologue({ ...settings, facts }, this.statements)
  }
}
