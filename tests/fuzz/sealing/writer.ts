import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import type { Grant } from "../../fixture/token.ts"
import { generator, pick, weighted } from "../random.ts"
import type { Ledger } from "./ledger.ts"
import { outcomeOf } from "./outcome.ts"
import type { PreparedTransactions } from "./prepared.ts"
import { Rows } from "./rows.ts"
import { contend, type Isolation, isolations, statements, type Turn } from "./statements.ts"
import { Transaction } from "./transaction.ts"

export interface WriterOptions {
  /** From 1. */
  readonly number: number
  /** The application's login. */
  readonly url: string
  readonly grant: Grant
  readonly seed: number
  /** The record that its visits belong to. */
  readonly patient: number
  readonly contended: readonly number[]
  readonly mostRows: number
  /** Longest pause between two statements of a transaction, in milliseconds, and how often there is one. */
  readonly pause: { readonly longest: number; readonly share: number }
  readonly ledger: Ledger
  readonly prepared: PreparedTransactions
  readonly admin: pg.Pool
  /** How many checkpoints there are. */
  readonly sealed: () => number
  /** Once, it stays in a transaction for as many of them as it takes, however slow the machine is. */
  readonly stays: boolean
}

const stayed = "committed, open over three checkpoints or more"
/** Milliseconds after which it stays no longer: a sealer that stands still is for others to find. */
const longestStay = 120_000

const fates = ["commit", "rollback", "prepare", "lost", "contended"] as const
type Fate = (typeof fates)[number]

/** What a transaction may end in without anybody having made a mistake. */
const refusals: ReadonlyMap<string, string> = new Map([
  ["40001", "serialization failure"],
  ["40P01", "deadlock"],
  ["55P03", "lock timeout"],
])

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

/** One person of the application at one connection, which is made anew when it is lost. */
export class Writer {
  readonly #options: WriterOptions
  readonly #random: () => number
  readonly #rows: Rows
  #client: pg.Client | undefined
  #pid = 0
  #serial = 0

  constructor(options: WriterOptions) {
    this.#options = options
    this.#random = generator(options.seed * 1000 + options.number)
    this.#rows = new Rows(options.number)
  }

  get prepared(): PreparedTransactions {
    return this.#options.prepared
  }

  /** @param ahead whether so much waits for the sealer that the next transaction had better wait too */
  async write(enough: () => boolean, ahead: () => boolean): Promise<void> {
    try {
      while (!enough()) {
        if (ahead()) {
          await sleep(20)
          continue
        }
        if (this.#random() < 0.25) await this.endPrepared()
        await this.#transact()
      }
    } finally {
      await this.close()
    }
  }

  /** Also after everybody stopped, until none is left. */
  async endPrepared(): Promise<void> {
    const { prepared, number, grant } = this.#options
    const session = { client: await this.#connected(), writer: number, role: pg.escapeIdentifier(grant.db_role) }
    try {
      await prepared.end(session, this.#random, () => this.#loseSession())
    } catch (error) {
      if (!this.#isLost(error)) throw error
      this.#options.ledger.count("lost while it ended a prepared transaction")
    }
  }

  async close(): Promise<void> {
    await this.#client?.end()
    this.#client = undefined
  }

  async #transact(): Promise<void> {
    const { ledger, number, sealed } = this.#options
    const transaction = new Transaction(await this.#connected(), this.#rows, `w${number}-${++this.#serial}`)
    const [isolation, fate] = [pick(this.#random, isolations), this.#fate()]
    const before = sealed()
    let ended: Fate | "aborted"
    try {
      ended = await this.#attempt(transaction, isolation, fate)
    } catch (error) {
      ended = await this.#recover(transaction, error)
    }
    if (ended === "prepare") return this.#options.prepared.add(transaction, number)
    const committed = ended === "commit"
    transaction.settle(ledger, committed, number)
    ledger.count(`${committed ? "committed" : "not committed"}, ${isolation}`)
    if (committed && sealed() > before + 2) ledger.count(stayed)
  }

  #fate(): Fate {
    const fate = weighted(this.#random, [
      [60, "commit"],
      [10, "rollback"],
      [12, "prepare"],
      [3, "lost"],
      [15, "contended"],
    ] as const)
    return fate === "prepare" && this.#options.prepared.full ? "commit" : fate
  }

  async #attempt(transaction: Transaction, isolation: Isolation, fate: Fate): Promise<Fate | "aborted"> {
    const { grant, ledger, mostRows: most, patient, contended } = this.#options
    const [role, token] = [grant.db_role, grant.token].map(pg.escapeLiteral)
    await transaction.ask(
      `begin isolation level ${isolation}; select set_config('role', ${role}, true), set_config('wardkeep.token', ${token}, true), set_config('lock_timeout', '3s', true)`,
    )
    const turn: Turn = { transaction, random: this.#random, patient, most, isolation, contended }
    const steps = 1 + Math.floor(this.#random() * 4)
    const losing = fate === "lost" ? Math.floor(this.#random() * (steps + 1)) : undefined
    for (let step = 0; step < steps; step++) {
      await this.#pause()
      if (losing === step) this.#loseSession()
      await weighted(this.#random, statements)(turn)
    }
    if (fate === "rollback") {
      await transaction.ask("rollback")
      return "aborted"
    }
    if (fate === "prepare") {
      await transaction.ask(`prepare transaction '${transaction.name}'`)
      ledger.count(`prepared, ${isolation}`)
      return "prepare"
    }
    if (fate === "commit") await this.#stay()
    if (fate === "contended") await contend(turn)
    if (losing === steps) this.#loseSession()
    await transaction.ask("commit")
    return "commit"
  }

  /** After an error: rolled back, or found out where nobody was told. */
  async #recover(transaction: Transaction, error: unknown): Promise<Fate | "aborted"> {
    const { ledger, admin } = this.#options
    if (this.#isLost(error)) {
      const { xid, name } = transaction
      const outcome = xid === undefined ? "aborted" : await outcomeOf(admin, xid, name)
      ledger.count(`session lost, ${outcome}`)
      return outcome === "committed" ? "commit" : outcome === "prepared" ? "prepare" : "aborted"
    }
    const refusal = refusals.get(codeOf(error) ?? "")
    if (refusal === undefined) throw error
    ledger.count(refusal)
    await transaction.ask("rollback").catch((lost: unknown) => {
      if (!this.#isLost(lost)) throw lost
    })
    return "aborted"
  }

  async #stay(): Promise<void> {
    const { ledger, sealed, stays } = this.#options
    const [before, until] = [sealed(), Date.now() + longestStay]
    while (stays && !ledger.ended.has(stayed) && sealed() <= before + 2 && Date.now() < until) await sleep(20)
  }

  async #pause(): Promise<void> {
    const { longest, share } = this.#options.pause
    if (this.#random() < share) await sleep(this.#random() * longest)
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client
    const client = new pg.Client({ connectionString: this.#options.url, application_name: "writer" })
    client.on("error", () => undefined)
    await client.connect()
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid")
    this.#pid = rows[0]?.pid ?? 0
    this.#client = client
    return client
  }

  /** While the next statement is under way, before it, or after it: nobody knows. */
  #loseSession(): void {
    void this.#options.admin.query("select pg_terminate_backend($1)", [this.#pid])
  }

  #isLost(error: unknown): boolean {
    const code = codeOf(error)
    const isLost =
      code === undefined
        ? /terminated|not queryable/i.test(String(error))
        : ["57P01", "ECONNRESET", "EPIPE"].includes(code)
    if (isLost) this.#client = undefined
    return isLost
  }
}
