/**
 * Drizzle 0.45 on node-postgres: its client, so that queries and transactions run in the caller's context.
 *
 * @module
 */
import type { Pool } from "pg"
import { requirePeer } from "../peer.js"
import type { Pooled } from "../pool.js"

export type { Pooled } from "../pool.js"

/**
 * What `drizzle` of `drizzle-orm/node-postgres` takes as its client. The context is the one in force when a query is
 * awaited. Drizzle puts errors of its own around others, with the values of the query in their message: ask
 * `wardkeepErrorIn(error)` for what was refused, and do not log the message.
 *
 * @throws WK009 another version of Drizzle than it accepts
 * @example const db = drizzle({ client: drizzleClient(wk), schema })
 */
export function drizzleClient(wk: Pooled): Pool {
  requirePeer("drizzle-orm", { from: [0, 45], below: [0, 46] })
  return wk.pool
}
