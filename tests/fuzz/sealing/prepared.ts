import type pg from "pg"
import { pick } from "../random.ts"
import type { Ledger } from "./ledger.ts"
import { outcomeOf } from "./outcome.ts"
import type { Transaction } from "./transaction.ts"

/** A transaction that was prepared and that anybody may end. */
interface Prepared {
  readonly transaction: Transaction
  readonly writer: number
  /** The life of the sealer in which it was prepared. */
  readonly life: number
}

/** At most so many at once: each holds its locks and a place of max_prepared_transactions. */
const most = 24

/** Transactions between their two phases. */
export class PreparedTransactions {
  readonly #waiting: Prepared[] = []
  readonly #ledger: Ledger
  readonly #admin: pg.Pool
  readonly #life: () => number

  constructor(ledger: Ledger, admin: pg.Pool, life: () => number) {
    this.#ledger = ledger
    this.#admin = admin
    this.#life = life
  }

  get full(): boolean {
    return this.#waiting.length >= most
  }

  get empty(): boolean {
    return this.#waiting.length === 0
  }

  add(transaction: Transaction, writer: number): void {
    this.#waiting.push({ transaction, writer, life: this.#life() })
  }

  /**
   * Ends one of them, whoever prepared it.
   *
   * @param role what was in force when it was prepared: to PostgreSQL the transaction is that role's, not the login's
   * @param lose ends the session while it works
   */
  async end(
    { client, writer, role }: { client: pg.Client; writer: number; role: string },
    random: () => number,
    lose: () => void,
  ): Promise<void> {
    if (this.empty) return
    const one = pick(random, this.#waiting)
    this.#waiting.splice(this.#waiting.indexOf(one), 1)
    const { transaction } = one
    const verb = random() < 0.75 ? "commit" : "rollback"
    const isLost = random() < 0.03
    try {
      await client.query(`set role ${role}`)
      if (isLost) lose()
      await client.query(`${verb} prepared '${transaction.name}'`)
      await client.query("reset role")
    } finally {
      const { xid = "" } = transaction
      const outcome = await outcomeOf(this.#admin, xid, transaction.name)
      if (outcome === "prepared") this.#waiting.push(one)
      else this.#settle(one, outcome === "committed", writer)
    }
  }

  #settle({ transaction, writer, life }: Prepared, committed: boolean, by: number): void {
    transaction.settle(this.#ledger, committed)
    this.#ledger.count(committed ? "commit prepared" : "rollback prepared")
    if (writer !== by) this.#ledger.count("prepared by one session, ended by another")
    if (life !== this.#life()) this.#ledger.count("prepared before the sealer was killed, ended after")
  }
}
