/**
 * Prisma 7 with its driver adapter for node-postgres: queries and transactions in the caller's context.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import type { Wardkeep } from "@wardkeep/postgres"
import { requirePeer } from "../peer.js"

/** What this adapter needs of the client: Prisma's requests are kept apart by their context. */
export type Apart = Pick<Wardkeep, "pool" | "tryContext">

/** Collects requests of one tick and sends those that are alike as one. */
interface Loader {
  readonly options: object
  request(request: unknown): Promise<unknown>
}

/** What is changed in a `PrismaClient`. None of it is in its types, so each part is looked for. */
interface Parts {
  readonly _requestHandler?: { dataloader?: Loader }
  readonly _engineConfig?: { readonly adapter?: { externalPool?: unknown } }
}

/**
 * Lets a `PrismaClient` take its connections from Wardkeep and gives it back. Prisma names every table with its schema and
 * so never meets the views of a role: make one client for each role, and `omit` in it what is hidden from that role.
 *
 * Prisma joins `findUnique` calls of one tick into one query, whoever they come from, and runs all of them where the first
 * came from: in its context one tenant would get another's row. Behind this function, calls of one context only are joined.
 *
 * @throws WK009 no client made with `PrismaPg`, or another version of Prisma than it accepts
 * @example
 * const adapter = new PrismaPg({})
 * const prisma = prismaOn(wk, new PrismaClient({ adapter, omit: { patient: { hivStatus: true } } }))
 */
export function prismaOn<Client extends object>(wk: Apart, client: Client): Client {
  requirePeer("@prisma/client", { from: [7, 10], below: [7, 11] })
  const { _requestHandler: handler, _engineConfig: config } = client as Client & Parts
  const loader = handler?.dataloader
  const factory = config?.adapter
  if (handler === undefined || typeof loader?.request !== "function" || typeof loader.options !== "object")
    throw refused("this is no `PrismaClient` of Prisma 7.10: how it joins requests is not known")
  if (factory === undefined || !("externalPool" in factory))
    throw refused("the `PrismaClient` was made without `PrismaPg`")
  // PrismaPg takes a pool of its own copy of `pg` only; any other it would read as settings, and connect elsewhere.
  factory.externalPool = wk.pool
  handler.dataloader = onePerContext(wk, loader)
  return client
}

function onePerContext(wk: Apart, first: Loader): Loader {
  const Another = first.constructor as new (options: object) => Loader
  const loaders = new WeakMap<object, Loader>()
  const { options } = first
  return {
    options,
    request: async (request) => {
      // Without a context each request is alone, and refused.
      const key = wk.tryContext() ?? {}
      const loader = loaders.get(key) ?? new Another(options)
      loaders.set(key, loader)
      return await loader.request(request)
    },
  }
}

const refused = (message: string): WardkeepError =>
  new WardkeepError("WK009", { message, hint: "Pass `new PrismaClient({ adapter: new PrismaPg({}) })`." })
