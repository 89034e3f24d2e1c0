import { type Policy, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { policyHash } from "../compile/policy-hash.js"
import { type Context, mergeScope, preselectContext, selectContext } from "../context/context.js"
import { requireSession, type Scope, type Session } from "../context/session.js"
import { asyncLocalStore, type ContextStore } from "../context/store.js"
import type { Issuer } from "../issue/issuer.js"
import { safeLogger } from "../log.js"
import { Ambient, contextOf } from "./ambient.js"
import { Channel } from "./channel.js"
import type { Limits } from "./deadline.js"
import { partialTables } from "./hidden/hidden-columns.js"
import { type JobContext, type JobOptions, type JobResult, runJob } from "./job.js"
import { lookup } from "./lookup.js"
import { observerOf, readOptions, type WardkeepOptions } from "./options.js"
import { ormPool } from "./orm-pool.js"
import type { Queries, QueryOptions, Values } from "./queries.js"
import { type QueuedContext, queuedContext, reopened } from "./queued-context.js"
import { Runtime } from "./runtime.js"
import { copyBytes, type StreamOptions, streamRows } from "./stream.js"
import { type TransactionOptions, transact, transactionModes, whileOpen } from "./transact.js"
import { refuseCallback, refuseOther, Transaction } from "./transaction.js"
import { utility } from "./utility.js"
import type { Row } from "./wire/row-shape.js"
import type { Result } from "./wire/unit.js"

/** Where `tx` may be narrowed to, and how it runs. */
export type TransactionScope = Scope & TransactionOptions

/**
 * Makes the client of one application login and one policy file. Nothing connects until the first call or `start()`.
 *
 * @throws WK009 an option is not valid
 * @example
 * const wk = createWardkeep({ pool: { connectionString }, policy })
 * await wk.run(session, async () => {
 *   const { rows } = await wk.query("select id, full_name from patient where id = $1", [id])
 * })
 */
export function createWardkeep(options: WardkeepOptions): Wardkeep {
  return new Wardkeep(options)
}

/** See `createWardkeep`. */
export class Wardkeep implements Queries {
  /** A `pg.Pool` for ORMs: the context is the one in force when the ORM asks for a client. */
  readonly pool: pg.Pool
  /** Of the policy file: another file, another version. For what must not outlive it, keys of caches for instance. */
  readonly policyVersion: string
  readonly #runtime: Runtime
  readonly #store: ContextStore
  readonly #ambient: Ambient
  readonly #policy: Policy
  readonly #issuer: Issuer | undefined

  constructor(options: WardkeepOptions) {
    this.#policy = options.policy
    this.policyVersion = policyHash(options.policy)
    this.#issuer = options.issuer
    this.#store = options.contextStore ?? asyncLocalStore
    this.#ambient = new Ambient(this.#store)
    this.#runtime = new Runtime({
      settings: readOptions(options),
      hostSchemas: [...new Set([...options.policy.tables.keys()].map((name) => name.slice(0, name.indexOf("."))))],
      log: safeLogger(options.log),
      production: options.production === true,
      waiver: options.securityFloorWaiver,
      keepDetail: options.dangerouslyLogDetail === true,
      observer: observerOf(options),
      refusals: options.refusals,
      partial: partialTables(options.policy),
    })
    this.pool = ormPool(this.#runtime, this.#store, () => this.#ambient.alone())
  }

  /**
   * Runs `work` in the context of a session. Everything awaited inside belongs to it; nothing after it does.
   *
   * @throws WK103 inside a transaction · WK105 foreign branch · WK110 no such grant · WK112 malformed session
   * @example await wk.run(session, { purpose: "care" }, async () => await wk.query("select …"))
   */
  run<T>(session: Session, work: () => Promise<T> | T): Promise<T>
  run<T>(session: Session, scope: Scope, work: () => Promise<T> | T): Promise<T>
  async run<T>(
    session: Session,
    scopeOrWork: Scope | (() => Promise<T> | T),
    maybe?: () => Promise<T> | T,
  ): Promise<T> {
    const scope = typeof scopeOrWork === "function" ? {} : scopeOrWork
    const work = typeof scopeOrWork === "function" ? scopeOrWork : maybe
    if (typeof work !== "function") throw new WardkeepError("WK009", { message: "run needs a function" })
    requireSession(session)
    this.#ambient.refuseInside("wk.run")
    // A scope that was named is checked now; a session with several grants may still be entered without one.
    const named = scope.tenant ?? scope.role ?? scope.purpose ?? scope.branch
    const context =
      named === undefined ? undefined : this.#runtime.refusals.chosen(session, () => preselectContext(session, scope))
    const frame = { run: {}, session, scope, context, transaction: undefined }
    return await this.#store.run(frame, async () => await work())
  }

  /**
   * One statement, one round trip, one transaction of its own.
   *
   * @throws WK101 no context · WK102 expired or revoked · WK103 inside `tx` · WK108 not a query · WK111 aborted or too long ·
   *   WK117 decides by a hidden column
   * @example const { rows } = await wk.query("select id from patient where id = $1", [id], { timeout: 2000 })
   */
  query<R extends object = Row>(text: string, values: Values = [], options?: QueryOptions): Promise<Result<R>> {
    try {
      refuseCallback(values, options)
      const read = this.#runtime.statements.read(text)
      if (read.kind.kind !== "query") throw new WardkeepError("WK108", { message: "use wk.tx for transactions" })
      return this.#runtime.run<R>(this.#ambient.alone(), read, values, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * One explicit transaction; inside another one, a savepoint. Ends with the callback: COMMIT, or ROLLBACK if it throws.
   *
   * @throws WK103 a swallowed error, or another scope inside a transaction · WK111 longer than `maxTransaction`
   * @example await wk.tx({ purpose: "care" }, async (q) => { await q.query("insert into visit …") })
   */
  tx<T>(work: (q: Transaction) => Promise<T>): Promise<T>
  tx<T>(scope: TransactionScope, work: (q: Transaction) => Promise<T>): Promise<T>
  async tx<T>(
    scopeOrWork: TransactionScope | ((q: Transaction) => Promise<T>),
    maybe?: (q: Transaction) => Promise<T>,
  ): Promise<T> {
    const scope = typeof scopeOrWork === "function" ? {} : scopeOrWork
    const work = typeof scopeOrWork === "function" ? scopeOrWork : maybe
    if (typeof work !== "function") throw new WardkeepError("WK009", { message: "tx needs a function" })
    const frame = this.#ambient.frame()
    const { transaction } = frame
    if (transaction !== undefined) {
      if (!(transaction instanceof Transaction) || !transaction.isOf(this.#runtime)) return refuseOther(false)
      if (Object.keys(scope).length > 0)
        throw new WardkeepError("WK103", { message: "a nested transaction has the scope and options of the outer one" })
      return await transaction.tx(work)
    }
    const { signal, timeout, isolation, readOnly, deferrable, ...narrow } = scope
    const merged = mergeScope(frame.scope, narrow)
    const isSame = Object.keys(narrow).length === 0
    const context = isSame
      ? contextOf(frame)
      : this.#runtime.refusals.chosen(frame.session, () => selectContext(frame.session, merged))
    const modes = transactionModes({
      ...(isolation !== undefined && { isolation }),
      readOnly: readOnly === true,
      deferrable: deferrable === true,
    })
    return await transact(
      this.#runtime,
      this.#store,
      { run: frame.run, session: frame.session, scope: merged, context },
      new Channel({ runtime: this.#runtime, context, modes }),
      { signal, timeout },
      work,
    )
  }

  /**
   * Rows of any number, a batch at a time, inside one transaction that lasts until the loop ends. They are read where they
   * were asked for: outside of that `wk.run` the iterator fails.
   *
   * @throws WK101 read without a context · WK103 read in another run · WK111 aborted or too long · WK117 as `query`
   * @example for await (const row of wk.stream("select * from visit", [], { batch: 1000 })) write(row)
   */
  stream<R extends object = Row>(
    text: string,
    values: Values = [],
    options: StreamOptions & Limits = {},
  ): AsyncGenerator<R, void, undefined> {
    const context = this.#ambient.alone()
    refuseCallback(values, options)
    const channel = new Channel({ runtime: this.#runtime, context, modes: ["read only"] })
    const rows = (): AsyncGenerator<R, void, undefined> => streamRows<R>(this.#runtime, channel, text, values, options)
    return this.#ambient.bound(whileOpen(this.#runtime, channel, options, rows))
  }

  /**
   * The bytes of a reading query as CSV with a header line, for downloads. Takes no parameters. `statementTimeout` holds
   * for the whole download, pauses of its reader included once the buffers are full (57014), and so does `maxTransaction`:
   * give a client for large downloads longer ones.
   *
   * @throws WK108 not a plain reading query · WK101 read without a context · WK102 expired or revoked · WK103 read in another run ·
   *   WK111 aborted, abandoned or too long · WK117 as `query`
   * @example await pipeline(wk.copyOut("select id, full_name from patient"), response)
   */
  copyOut(
    text: string,
    options: { readonly format?: "csv" | "text" } & Limits = {},
  ): AsyncGenerator<Buffer, void, undefined> {
    const channel = new Channel({ runtime: this.#runtime, context: this.#ambient.alone(), modes: ["read only"] })
    const bytes = (): AsyncGenerator<Buffer, void, undefined> =>
      copyBytes(this.#runtime, channel, text, options.format ?? "csv")
    return this.#ambient.bound(whileOpen(this.#runtime, channel, options, bytes))
  }

  /**
   * Runs `work` once per tenant as a service of the policy file. A tenant that fails does not stop the others.
   *
   * @throws WK009 no issuer · WK203 unknown service
   * @example const { done, failed } = await wk.job("reminders", { tenants: "all", concurrency: 4 }, async ({ tenant }) => { … })
   */
  async job(name: string, options: JobOptions, work: (context: JobContext) => Promise<void>): Promise<JobResult> {
    this.#ambient.refuseInside("wk.job")
    const issuer = this.#requireIssuer()
    return await runJob(
      name,
      options,
      { issuer, log: this.#runtime.log, run: (session, inner) => this.run(session, purposeOf(options), inner) },
      work,
    )
  }

  /**
   * What a queue may carry: who acts, not the token.
   *
   * @throws WK101 no context
   * @example await queue.add("letter", { patientId, as: wk.serializeContext() })
   */
  serializeContext(): QueuedContext {
    return queuedContext(this.requireContext())
  }

  /**
   * Runs `work` as the actor of a queued job, if the session still holds the grant.
   *
   * @throws WK102 the session has ended or never had the grant · WK009 no issuer · WK112 not what `serializeContext` returned ·
   *   WK202 the issuer's request was refused · WK005 · WK103, WK105, WK110 as `run`
   * @example await wk.resumeContext(job.data.as, async () => { … })
   */
  async resumeContext<T>(queued: QueuedContext, work: () => Promise<T>): Promise<T> {
    const session = await reopened(this.#requireIssuer(), queued)
    const { branch, requestId } = queued
    const scope: Scope = { ...(branch !== undefined && { branch }), ...(requestId !== undefined && { requestId }) }
    return await this.run(session, scope, work)
  }

  /**
   * Reads what must be known before there is a context, through a look-up of the policy file. Recorded.
   *
   * @throws WK002 the policy has no such look-up · WK003, WK004, WK005, WK006 as `start`
   * @example const [staff] = await wk.lookup("staff_by_email", email)
   */
  async lookup<R extends object = Row>(name: string, value: string): Promise<R[]> {
    await this.#runtime.start()
    return await lookup<R>(this.#runtime, this.#policy, name, value)
  }

  /** The context in force. @throws WK101 none · WK110 several grants and no choice */
  requireContext(): Context {
    return this.#ambient.context()
  }

  /** The context in force, or undefined. @throws WK110 several grants and no choice */
  tryContext(): Context | undefined {
    return this.#ambient.tryContext()
  }

  /**
   * Connects and checks login and server; otherwise the first call does.
   *
   * @throws WK003 the login can go around row-level security · WK004 · WK005 · WK006
   */
  async start(): Promise<void> {
    await this.#runtime.start()
  }

  /**
   * Runs any one statement on a new session of the application's login, without a context, and destroys the session.
   *
   * @throws WK108 behind a pooler, which has no new sessions
   * @example await wk.dangerouslyUtility("show server_version")
   */
  async dangerouslyUtility<R extends object = Row>(text: string): Promise<Result<R>> {
    await this.#runtime.start()
    return await utility<R>(this.#runtime, text)
  }

  /** Ends every session; waits for transactions under way. */
  async close(): Promise<void> {
    await this.#runtime.close()
  }

  #requireIssuer(): Issuer {
    if (this.#issuer === undefined)
      throw new WardkeepError("WK009", { message: "this needs `issuer` in the options of createWardkeep" })
    return this.#issuer
  }
}

function purposeOf({ purpose }: JobOptions): Scope {
  return purpose === undefined ? {} : { purpose }
}
