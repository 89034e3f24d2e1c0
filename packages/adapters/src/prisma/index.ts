/**
 * Prisma 7 with its driver adapter for node-postgres: queries and transactions in the caller's context.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import { requirePeer } from "../peer.js"
import type { Pooled } from "../pool.js"

export type { Pooled } from "../pool.js"

/** The part of `PrismaPg` that is looked at: which database it was made for. */
export interface PrismaFactory {
  readonly adapterName: string
}

/**
 * Lets a `PrismaPg` take its connections from Wardkeep and gives it back. Prisma puts a schema before every table, so make
 * one for each role, with the schema of that role's views, which is called as its role in the database.
 *
 * `PrismaPg` accepts a pool of its own copy of `pg` only, and would take another one for a configuration and connect to
 * wherever that leads; this function does not leave it to that.
 *
 * @throws WK009 no `PrismaPg`, or another version of it than was tried
 * @example
 * const adapter = prismaOn(wk, new PrismaPg({}, { schema: "wk_main_reception" }))
 * const prisma = new PrismaClient({ adapter })
 */
export function prismaOn<Factory extends PrismaFactory>(wk: Pooled, factory: Factory): Factory {
  requirePeer("@prisma/adapter-pg", { from: [7, 0], below: [8, 0] })
  if (!("externalPool" in factory) || factory.adapterName !== "@prisma/adapter-pg")
    throw new WardkeepError("WK009", {
      message: "this is no `PrismaPg` of @prisma/adapter-pg 7",
      hint: "Pass `new PrismaPg({}, { schema })`.",
    })
  return Object.assign(factory, { externalPool: wk.pool })
}
