import type { PoolClient } from "pg"
import type { Pooled } from "../pool.js"

/** The part of Knex's client that decides where connections come from. */
export interface KnexClient {
  readonly dialect?: string
  pool?: unknown
  acquireConnection(): Promise<unknown>
  releaseConnection(connection: unknown): Promise<void>
}

/** Lets Knex's client take its connections from Wardkeep. */
export function takeConnections(wk: Pooled, client: KnexClient): void {
  client.acquireConnection = () => wk.pool.connect()
  client.releaseConnection = async (connection) => (connection as PoolClient).release()
}
