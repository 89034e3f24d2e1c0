/**
 * Knex 3: queries and transactions of a Knex instance in the caller's context.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import { requirePeer } from "../peer.js"
import type { Pooled } from "../pool.js"
import { type KnexClient, takeConnections } from "./connections.js"

export type { Pooled } from "../pool.js"
export type { KnexClient } from "./connections.js"

/**
 * Lets a Knex instance take its connections from Wardkeep, in place of a pool of its own, and gives it back. The context
 * is the one in force when a query is awaited. Make the instance without `connection`: it has nothing to connect to.
 *
 * @throws WK009 not made with `client: "pg"`, with a `connection` of its own, or another version of Knex than it accepts
 * @example const db = knexOn(wk, knex({ client: "pg" }))
 */
export function knexOn<Db extends { readonly client: KnexClient }>(wk: Pooled, db: Db): Db {
  requirePeer("knex", { from: [3, 0], below: [4, 0] })
  const { client } = db
  if (client.dialect !== "postgresql") throw refused('the Knex instance was not made with `client: "pg"`')
  // Its pool would stay open beside Wardkeep's, with a login that the fence knows nothing of.
  if (client.pool !== undefined) throw refused("the Knex instance has a `connection` of its own")
  takeConnections(wk, client)
  return db
}

const refused = (message: string): WardkeepError =>
  new WardkeepError("WK009", { message, hint: 'Pass `knex({ client: "pg" })`, with neither `connection` nor `pool`.' })
