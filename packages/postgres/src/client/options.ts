import { type Policy, WardkeepError } from "@wardkeep/core"
import pg from "pg"
import type { ContextStore } from "../context/store.js"
import type { Issuer } from "../issue/issuer.js"
import type { Logger } from "../log.js"
import { requireWaiver, type SecurityFloorWaiver } from "./guard.js"
import type { ViewObserver } from "./observe.js"
import type { RefusalRecorder } from "./refusals.js"

export interface WardkeepOptions {
  /**
   * How the application's login connects. A `pg.Pool` is read for its options and otherwise left alone: which
   * statements reach a session is decided by this client only, so the sessions must be its own.
   */
  readonly pool: pg.Pool | pg.PoolConfig
  readonly policy: Policy
  /** For jobs. */
  readonly issuer?: Issuer
  readonly log?: Logger
  /** Milliseconds after which a transaction is ended, whatever it does. Default 30 s. */
  readonly maxTransaction?: number
  /** Milliseconds a statement may take on the server, a whole `copyOut` included. Default 30 s. */
  readonly statementTimeout?: number
  /**
   * Keep plans under names. `auto` (default): on connections of the client's own, and behind no pooler. `true` uses names
   * there too, which takes PgBouncer 1.21 or later, and trusts whoever has the login's password and reaches the pooler:
   * with a statement of its own under the name of another one it has the next tenant run it.
   */
  readonly preparedStatements?: "auto" | boolean
  /** The connection goes through PgBouncer or the like in transaction mode. */
  readonly pooler?: boolean
  /** Refuse servers below the security floor. */
  readonly production?: boolean
  readonly securityFloorWaiver?: SecurityFloorWaiver
  readonly contextStore?: ContextStore
  /** Who records views: `recordViews(policy)` of `wardkeep/audit`, for policies that say `audit.views` of a table. */
  readonly views?: ViewObserver
  /** Who records what was refused: `recordRefusals(policy)` of `wardkeep/audit`. Default: nobody. */
  readonly refusals?: RefusalRecorder
  /**
   * Run `wk.query` of all tenants over this few sessions, pipelined, each in its own transaction; beside those of
   * `pool`, which serve transactions and calls with a `signal` or `timeout`. For short statements: a long one delays
   * those behind it. `maxUses` and `maxLifetimeSeconds` of `pool` hold here too, looked at once a second.
   */
  readonly shared?: { readonly connections: number }
  /** Leave `detail` and `where`, which hold row values, in errors. */
  readonly dangerouslyLogDetail?: boolean
}

/** The options with defaults, checked. */
export interface Settings {
  readonly config: pg.ClientConfig
  readonly max: number
  readonly min: number
  readonly idleTimeout: number
  readonly connectionTimeout: number
  readonly maxLifetime: number
  readonly maxUses: number
  readonly searchPath: string
  readonly maxTransaction: number
  readonly statementTimeout: number
  readonly named: boolean
  readonly pooler: boolean
  readonly lanes: number
}

/** @throws WK009 an option that is not understood, or a pool option that would put foreign statements on our sessions */
export function readOptions(options: WardkeepOptions): Settings {
  const pool: pg.PoolConfig = options.pool instanceof pg.Pool ? options.pool.options : options.pool
  refuseForeign(pool)
  requireWaiver(options.securityFloorWaiver)
  const lanes = options.shared === undefined ? 0 : whole("shared.connections", options.shared.connections, 1)
  const naming = options.preparedStatements ?? "auto"
  if (naming !== "auto" && typeof naming !== "boolean") throw invalid("preparedStatements is 'auto', true or false")
  const config: pg.ClientConfig = { ...pool }
  // Pools hide it from enumeration.
  if (pool.password !== undefined) config.password = pool.password
  return {
    config,
    max: whole("pool.max", pool.max ?? 10, 1),
    min: whole("pool.min", pool.min ?? 0, 0),
    idleTimeout: pool.idleTimeoutMillis ?? 10_000,
    connectionTimeout: pool.connectionTimeoutMillis ?? 0,
    maxLifetime: (pool.maxLifetimeSeconds ?? 0) * 1000,
    maxUses: pool.maxUses ?? Number.POSITIVE_INFINITY,
    searchPath: `"$user",${options.policy.schema}`,
    maxTransaction: whole("maxTransaction", options.maxTransaction ?? 30_000, 1),
    statementTimeout: whole("statementTimeout", options.statementTimeout ?? 30_000, 1),
    named: naming === "auto" ? options.pooler !== true : naming,
    pooler: options.pooler === true,
    lanes,
  }
}

function refuseForeign(pool: pg.PoolConfig): void {
  for (const name of ["onConnect", "verify", "Client"] as const)
    if (pool[name] !== undefined)
      throw invalid(`pool.${name} would run foreign code or statements on Wardkeep's sessions; leave it out`)
}

function whole(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) throw invalid(`${name} is a whole number from ${least}`)
  return value
}

function invalid(message: string): WardkeepError {
  return new WardkeepError("WK009", { message })
}

/** A policy that records views is not served without recording them, and nobody is told where it does not. */
export function observerOf({ policy, views }: WardkeepOptions): ViewObserver | undefined {
  const recorded = [...policy.tables].some(([, rule]) => rule.audit?.views !== undefined)
  if (recorded && views === undefined)
    throw new WardkeepError("WK009", {
      message: "the policy file records views, and this client was given nobody to record them",
      hint: "Give `views: recordViews(policy)` of `wardkeep/audit` to createWardkeep.",
    })
  return recorded ? views : undefined
}
