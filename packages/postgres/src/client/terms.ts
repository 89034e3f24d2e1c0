import { setTimeout as sleep } from "node:timers/promises"
import type { GuardOptions, ServerFacts } from "./guard.js"
import type { Settings } from "./options.js"
import { Prologue } from "./prologue.js"
import { readServer } from "./server-facts.js"
import type { StatementCatalog } from "./statements.js"

export interface TermsOptions {
  readonly settings: Settings
  readonly statements: StatementCatalog
  readonly hostSchemas: readonly string[]
  readonly guard: GuardOptions
  /** One text of the client's own on the bare login. */
  readonly ask: <R>(text: string) => Promise<R[]>
}

/** Milliseconds between two looks: a tenant can provoke the error that leads to one as often as it likes. */
const lookEvery = 1000

/** What the server said of itself, and the prologue that follows from it. Asked again when an error says that it changed. */
export class ServerTerms {
  /** undefined before the start. */
  prologue: Prologue | undefined
  readonly #options: TermsOptions
  #facts: ServerFacts | undefined
  #starting: Promise<void> | undefined
  #next: Promise<void> | undefined
  #lookedAt = 0
  #changedAt = 0

  constructor(options: TermsOptions) {
    this.#options = options
  }

  /** Checks login and server once; every call waits for the same check. */
  async start(): Promise<void> {
    this.#starting ??= this.#look().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    await this.#starting
  }

  /** Whether the database verifies contexts in another way than when a unit was sent. Waits for a look where that is not known. */
  async changedSince(sentAt: number): Promise<boolean> {
    if (sentAt <= this.#changedAt) return true
    this.#next ??= this.#lookAgain()
    await this.#next
    return sentAt <= this.#changedAt
  }

  async #lookAgain(): Promise<void> {
    await sleep(Math.max(0, this.#lookedAt + lookEvery - performance.now()))
    // Who fails from here on may have seen a later change than this look does.
    this.#next = undefined
    await this.#look()
  }

  async #look(): Promise<void> {
    const { settings, statements, hostSchemas, guard, ask } = this.#options
    this.#lookedAt = performance.now()
    const facts = await readServer(ask, hostSchemas, guard)
    if (this.#facts !== undefined && this.#facts.strategy !== facts.strategy) this.#changedAt = performance.now()
    this.#facts = facts
    this.prologue = new Prologue({ ...settings, facts }, statements)
  }
}
