import { quoteIdent, quoteLiteral, WardkeepError } from "@wardkeep/core"
import type { TenantTarget } from "../target/schema.js"
import type { Connection } from "./connection.js"
import { rolledBack, type Transaction } from "./transaction.js"

/** One tenant of the target, as its users reach the database: the application's own login and the tenant's context. */
export class Actor {
  readonly tenant: TenantTarget
  readonly login: string
  readonly connection: Connection
  /** Values of the tenant column that are this tenant's; found out when the target does not say. */
  keys: readonly string[]

  constructor(tenant: TenantTarget, login: string, connection: Connection) {
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

  /** Runs `work` as this tenant in a transaction that is rolled back. */
  async act<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await rolledBack(this.connection, async (tx) => {
      await this.enter(tx)
      return await work(tx)
    })
  }

  /** @throws WK703 the server refuses the context */
  async enter(tx: Transaction): Promise<void> {
    for (const statement of this.contextStatements()) {
      const { error } = await tx.keep(statement)
      if (error !== undefined) {
        throw new WardkeepError("WK703", {
          message: `The context of tenant ${this.name} was refused: ${error.code} ${error.message}`,
          hint: `Check connect of tenant ${this.name} in the target: role, settings, statements, and EXECUTE on what they call.`,
        })
      }
    }
  }

  /**
   * From another tenant's context into this one without ending the transaction, so that what the other wrote is seen
   * and still undone. Settings that only the other one uses are emptied. False where the server refuses it.
   */
  async takeOver(tx: Transaction, from: Actor): Promise<boolean> {
    if (from.connection !== this.connection) return false
    const stale = Object.keys(from.tenant.connect.settings).filter(
      (name) => !Object.hasOwn(this.tenant.connect.settings, name),
    )
    const before = ["set local role none", ...stale.map((name) => `select set_config(${quoteLiteral(name)}, '', true)`)]
    for (const statement of [...before, ...this.contextStatements()]) {
      const { error } = await tx.keep(statement)
      if (error !== undefined) return false
    }
    return true
  }

  /** SQL that anyone can run with the application's login and that repeats what was tried. */
  replay(...statements: readonly string[]): string {
    return [`-- connected as ${this.login}`, "begin;", ...this.#lines(statements), "rollback;"].join("\n")
  }

  #lines(statements: readonly string[]): string[] {
    return [...this.contextStatements(), ...statements].map((statement) => `${statement};`)
  }
}
