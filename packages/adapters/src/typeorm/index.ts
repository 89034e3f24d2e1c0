/**
 * TypeORM 1: repositories and transactions of a data source in the caller's context.
 *
 * @module
 */
import { EventEmitter } from "node:events"
import { WardkeepError, wardkeepErrorIn } from "@wardkeep/core"
import type { Wardkeep } from "@wardkeep/postgres"
import { requirePeer } from "../peer.js"

/** What this adapter needs of the client: `initialize()` asks three questions before there is any context. */
export type Starting = Pick<Wardkeep, "pool" | "dangerouslyUtility">

type Connected = (error: unknown, client?: unknown, release?: (error?: unknown) => void) => void

/** What `new DataSource` is given: the driver, and off what would change the database. */
export interface TypeormOptions {
  readonly type: "postgres"
  readonly driver: object
  readonly installExtensions: false
  readonly synchronize: false
  readonly migrationsRun: false
}

/** Of the server and the database; nobody's rows. */
const atStart: ReadonlySet<unknown> = new Set([
  "SELECT version()",
  "SELECT * FROM current_database()",
  "SELECT * FROM current_schema()",
])

/**
 * Options for `new DataSource`: it takes its connections from Wardkeep. The context is the one in force when a query is
 * made. Schemas are changed by your migrations, as the owner: nothing is synchronised here.
 *
 * @throws WK009 another version of TypeORM than it accepts
 * @example const source = await new DataSource({ ...typeormOptions(wk), entities }).initialize()
 */
export function typeormOptions(wk: Starting): TypeormOptions {
  requirePeer("typeorm", { from: [1, 0], below: [2, 0] })
  // TypeORM makes its pool with `new`.
  const Pool = function Pool(): object {
    return startingPool(wk)
  }
  return { type: "postgres", driver: { Pool }, installExtensions: false, synchronize: false, migrationsRun: false }
}

/** Without a context, a client that answers the questions of `initialize()` and refuses everything else. */
function startingPool(wk: Starting): object {
  const query = async (text: unknown): Promise<unknown> => {
    if (atStart.has(text)) return await wk.dangerouslyUtility(String(text))
    throw new WardkeepError("WK101")
  }
  const start = Object.assign(new EventEmitter(), { query })
  return Object.assign(new EventEmitter(), {
    connect: (connected: Connected): void => {
      wk.pool.connect((error, client, release) => {
        if (wardkeepErrorIn(error)?.code === "WK101") connected(undefined, start, () => undefined)
        else connected(error, client, release)
      })
    },
    // The sessions belong to `wk.close()`.
    end: (ended: () => void): void => ended(),
  })
}
