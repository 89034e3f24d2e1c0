import { WardkeepError } from "@wardkeep/core"
import { credentialsFor, filled } from "./credentials.js"
import {
  type Account,
  type Answer,
  type Call,
  type Credential,
  type Header,
  headerOf,
  withoutHeaders,
} from "./exchange.js"
import { type Clock, Pace } from "./pace.js"
import { refusal, type Scope } from "./scope.js"
import type { Limits, Send } from "./transport.js"

export interface GateOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly send: Send
  readonly limits: Limits
  /** Headers that identify somebody: only the account that asks sends them, whatever was recorded. */
  readonly credentials?: readonly string[]
}

const failuresInARow = 5
const longestWait = 30_000

/**
 * The only door to the network. What the scope does not allow is not sent; what is sent is marked, paced and counted.
 * When the limits are reached it closes, and `stopped` says why.
 */
export class Gate {
  /** Requests that left this machine. */
  sent = 0
  stopped: string | undefined
  /** Reason → how many requests it kept back. */
  readonly refused = new Map<string, number>()
  readonly #pace: Pace
  #answered = 0
  #failed = 0
  #limited = 0

  constructor(private readonly options: GateOptions) {
    this.#pace = new Pace(options.scope.requestsPerSecond, options.clock)
  }

  get marker(): Header {
    const { name, value } = this.options.scope.marker ?? { name: "x-wardkeep-probe", value: "isolation test" }
    return [name, value]
  }

  get wasAnswered(): boolean {
    return this.#answered > 0
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.options.clock.date()
  }

  /** Waits for that moment, if it comes soon and before the run has to end. False where it does not. */
  async waitsUntil(moment: number): Promise<boolean> {
    const { clock, scope } = this.options
    const wait = moment - this.now
    if (wait > longestWait || moment >= Date.parse(scope.stopAt)) return false
    if (wait > 0) await clock.sleep(wait)
    return true
  }

  allows(call: Call): boolean {
    return refusal(this.options.scope, call) === undefined
  }

  /** The answer, or undefined where nothing was sent or nothing came back. `account` undefined asks as nobody. */
  async ask(call: Call, account?: Account): Promise<Answer | undefined> {
    const reason = refusal(this.options.scope, call)
    if (reason !== undefined) {
      this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
      return undefined
    }
    const url = filled(call.url, this.#own(account?.parameters, call.url))
    const marked = { ...call, url, headers: this.#headers(call, account) }
    for (let attempt = 0; attempt < 4; attempt++) {
      const answer = await this.#once(marked)
      const isLimit = answer?.status === 429 || (answer?.status === 503 && headerOf(answer.headers, "retry-after"))
      if (!isLimit) {
        if (answer !== undefined) this.#limited = 0
        return answer
      }
      this.#pace.slowDown()
      await this.#wait(answer, attempt)
    }
    this.#limited += 1
    if (this.#limited >= 2) this.stopped ??= "the server answered 429 again and again; lower requestsPerSecond"
    return undefined
  }

  #headers(call: Call, account: Account | undefined): Header[] {
    const said = withoutHeaders(call.headers, [this.marker[0], ...(this.options.credentials ?? [])])
    const credentials = this.#own(account?.credentials, call.url)
    // Where an account is not recognised it chooses nothing either.
    const isKnown = credentials.length > 0 || this.#own(account?.parameters, call.url).length > 0
    const ambient = withoutHeaders(
      isKnown ? (account?.ambient ?? []) : [],
      said.map(([name]) => name.toLowerCase()),
    )
    return [...ambient, ...said, ...credentials, this.marker]
  }

  #own(credentials: readonly Credential[] | undefined, url: string): Header[] {
    return credentialsFor(credentials, url, this.options.scope.credentialsAlsoAt)
  }

  async #once(call: Call): Promise<Answer | undefined> {
    const { scope, clock, send, limits } = this.options
    if (this.stopped !== undefined) return undefined
    await this.#pace.turn()
    if (clock.date() >= Date.parse(scope.stopAt)) this.stopped = `stopAt (${scope.stopAt}) was reached`
    else if (this.sent >= scope.maxRequests) this.stopped = `maxRequests (${scope.maxRequests}) was reached`
    if (this.stopped !== undefined) return undefined
    this.sent += 1
    try {
      const answer = await send(call, limits)
      this.#answered += 1
      this.#failed = 0
      return answer
    } catch (error) {
      this.#failed += 1
      if (this.#failed >= failuresInARow) this.#giveUp(call, error)
      return undefined
    }
  }

  #giveUp(call: Call, error: unknown): void {
    const { origin } = new URL(call.url)
    const message = `${origin} did not answer ${failuresInARow} times in a row: ${reasonOf(error)}`
    if (this.#answered === 0) throw new WardkeepError("WK755", { message, cause: error })
    this.stopped = message
  }

  async #wait(answer: Answer, attempt: number): Promise<void> {
    const asked = Number(headerOf(answer.headers, "retry-after")) * 1000
    const wait = Number.isFinite(asked) && asked > 0 ? asked : 500 * 2 ** attempt
    if (wait > longestWait) this.stopped = `the server asks to wait ${Math.round(wait / 1000)} s; run again later`
    else await this.options.clock.sleep(wait)
  }
}

function reasonOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "code" in error) return String(error.code)
  return error instanceof Error ? error.message : "unknown"
}
