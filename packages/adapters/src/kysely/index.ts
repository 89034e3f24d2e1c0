/**
 * Kysely 0.28: a dialect's pool, so that queries and transactions run in the caller's context.
 *
 * @module
 */
import type { Pool } from "pg"
import { requirePeer } from "../peer.js"
import type { Pooled } from "../pool.js"

export type { Pooled } from "../pool.js"

/**
 * What `PostgresDialect` of Kysely takes. The context is the one in force when a query is executed. There is no `cursor`:
 * `stream()` of Kysely says so, and `wk.stream` is there for it.
 *
 * @throws WK009 another version of Kysely than it accepts
 * @example const db = new Kysely<Tables>({ dialect: new PostgresDialect(kyselyConfig(wk)) })
 */
export function kyselyConfig(wk: Pooled): { readonly pool: Pool } {
  requirePeer("kysely", { from: [0, 28], below: [0, 29] })
  return { pool: wk.pool }
}
