import { quoteIdent, quoteLiteral, WardkeepError } from "@wardkeep/core"
import type { TenantTarget } from "../target/schema.js"
import type { Connection } from "./connection.js"
import type { ServerError } from "./outcome.js"
import { rolledBackAfter, type Transaction } from "./transaction.js"

/** One tenant of the target, as its users reach the database: the application's own login and the tenant's context. */
export class Actor {
  readonly tenant: TenantTarget
  readonly login: string
  readonly connection: Connection
  /** A second session of the same login, for looking while the first one is in a transaction. */
  readonly #aside: Connection
  readonly #cannotFollow = new Set<Actor>()
  /** Values of the tenant column that are this tenant's; found out when the target does not say. */
  keys: readonly string[]

  constructor(tenant: TenantTarget, login: string, connection: Connection, aside: Connection) {
    this.#aside = aside
    this.tenant = tenant
    this.login = login
    this.connection = connection
    this.keys = tenant.key ?? []
  }

  get name(): string {
    return this.tenant.name
  }

  /** The statements that bring a fresh transaction into this tenant's context. */
  contextStatements(): string[] {
    const { role, settings, statements } = this.tenant.connect
    const set = Object.entries(settings).map(
      ([name, value]) => `select set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`,
    )
    return [...(role === undefined ? [] : [`set local role ${quoteIdent(role)}`]), ...set, ...statements]
  }

  /**
   * Runs `work` as this tenant in a transaction that is rolled back.
   *
   * @throws WK703 the server refuses the context
   */
  async act<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.actOn(this.connection, work)
  }

  /**
   * The same on another session of the tenant's login.
   *
   * @throws WK703 the server refuses the context
   */
  async actOn<T>(connection: Connection, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await rolledBackAfter(connection, this.contextStatements(), (error) => this.#refused(error), work)
  }

  /**
   * The same on the second session, where the first one may be in the middle of something; sees nothing of that.
   *
   * @throws WK703 the server refuses the context
   */
  async look<T>(work: (tx: Transaction, connection: Connection) => Promise<T>): Promise<T> {
    const aside = this.#aside
    return await rolledBackAfter(
      aside,
      this.contextStatements(),
      (error) => this.#refused(error),
      async (tx) => await work(tx, aside),
    )
  }

  #refused({ code, message }: ServerError): WardkeepError {
    return new WardkeepError("WK703", {
      message: `The context of tenant ${this.name} was refused: ${code} ${message}`,
      hint: `Check connect of tenant ${this.name} in the target: role, settings, statements, and EXECUTE on what they call.`,
    })
  }

  /**
   * From another tenant's context into this one without ending the transaction, so that what the other wrote is seen
   * and still undone. Settings that only the other one uses are emptied. False where the server refuses it.
   */
  async takeOver(tx: Transaction, from: Actor): Promise<boolean> {
    if (from.connection !== this.connection || this.#cannotFollow.has(from)) return false
    return (await tx.keep(this.takingOver(from).join(";\n"))).error === undefined
  }

  /** Why no transaction can begin as `from` and go on as this tenant; undefined where one can. */
  whyApart(from: Actor): string | undefined {
    const both = [this.name, from.name].sort().join(" and ")
    if (from.connection !== this.connection)
      return `tenants ${both} have a login each, and no transaction is both tenants'`
    return this.#cannotFollow.has(from) ? `no transaction of tenants ${both} goes on as the other one's` : undefined
  }

  /** The statements of that, for a replay. */
  takingOver(from: Actor): string[] {
    const stale = Object.keys(from.tenant.connect.settings).filter(
      (name) => !Object.hasOwn(this.tenant.connect.settings, name),
    )
    const before = ["set local role none", ...stale.map((name) => `select set_config(${quoteLiteral(name)}, '', true)`)]
    return [...before, ...this.contextStatements()]
  }

  /** The database keeps the first context of a transaction: taking over from that tenant would prove nothing. */
  cannotFollow(other: Actor): void {
    this.#cannotFollow.add(other)
  }

  /** SQL that anyone can run with the application's login and that repeats what was tried. */
  replay(...statements: readonly string[]): string {
    return [`-- connected as ${this.login}`, "begin;", ...this.#lines(statements), "rollback;"].join("\n")
  }

  #lines(statements: readonly string[]): string[] {
    return [...this.contextStatements(), ...statements].map((statement) => `${statement};`)
  }
}
