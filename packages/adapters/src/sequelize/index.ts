/**
 * Sequelize 6: queries and transactions of an instance in the caller's context.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import type { PoolClient } from "pg"
import { requirePeer } from "../peer.js"
import type { Pooled } from "../pool.js"

export type { Pooled } from "../pool.js"

/** The part of Sequelize that is looked at. */
export interface SequelizeLike {
  getDialect(): string
  close(): Promise<void>
}

/** Where Sequelize takes its connections from. It is not in its types. */
interface ConnectionManager {
  getConnection: () => Promise<unknown>
  releaseConnection: (connection: PoolClient) => void
  destroyConnection: (connection: PoolClient) => Promise<void>
}

/**
 * Lets a Sequelize instance take its connections from Wardkeep, in place of a pool of its own, and gives it back. The
 * context is the one in force when a query is made; also when `{ transaction }` was forgotten.
 *
 * @throws WK009 another dialect, or another version of Sequelize than it accepts
 * @example const sequelize = sequelizeOn(wk, new Sequelize({ dialect: "postgres", dialectModule: pg }))
 */
export function sequelizeOn<Instance extends SequelizeLike>(wk: Pooled, sequelize: Instance): Instance {
  requirePeer("sequelize", { from: [6, 37], below: [7, 0] })
  const { connectionManager } = sequelize as Instance & { readonly connectionManager?: Partial<ConnectionManager> }
  if (sequelize.getDialect() !== "postgres" || connectionManager?.getConnection === undefined)
    throw new WardkeepError("WK009", {
      message: "the Sequelize instance is not one for PostgreSQL",
      hint: 'Pass `new Sequelize({ dialect: "postgres", dialectModule: pg })`.',
    })
  connectionManager.getConnection = () => wk.pool.connect()
  connectionManager.releaseConnection = (connection) => connection.release()
  // A transaction that did not end as it was told: what is released is rolled back first.
  connectionManager.destroyConnection = async (connection) => connection.release()
  return sequelize
}
