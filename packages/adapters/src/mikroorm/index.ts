/**
 * MikroORM 6 on PostgreSQL: its entity managers and transactions in the caller's context.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import type { Wardkeep } from "@wardkeep/postgres"
import { type KnexClient, takeConnections } from "../knex/connections.js"
import { requirePeer } from "../peer.js"

/** What this adapter needs of the client: each context has an identity map of its own. */
export type Apart = Pick<Wardkeep, "pool" | "tryContext">

interface Manager {
  fork(): Manager
}

/** The part of `MikroORM` that is looked at. */
export interface MikroLike {
  readonly em: { fork(): Manager; getConnection(): object }
  readonly config: {
    get(name: "replicas" | "resultCache"): unknown
    set(name: "context", lookUp: () => never): void
    set(name: "resultCache", options: never): void
  }
}

/** In place of a cache of results, which knows the text of a question and not who asks. */
class NoResultCache {
  get(): never {
    throw new WardkeepError("WK115", {
      message: "MikroORM's `cache` keeps rows for whoever asks next",
      hint: "Leave `cache` out of the query, and `resultCache.global` out of the options.",
    })
  }
}

/**
 * Lets a `MikroORM` take its connections from Wardkeep and gives it back; make it by `initSync`, which connects nowhere. The
 * context is the one in force when a query is made. `orm.em` has an identity map for each context, so no request needs a
 * `fork()` of its own: what one tenant loaded is never another's answer. A fork that you make is yours to keep inside `run`.
 * A query with `cache` is refused (WK115): MikroORM would hand the rows to whoever asks the same next.
 *
 * @throws WK009 not for PostgreSQL, with replicas of its own, or another version of MikroORM than it accepts
 * @example const orm = mikroOn(wk, MikroORM.initSync({ dbName: "clinic", entities }))
 */
export function mikroOn<Orm extends MikroLike>(wk: Apart, orm: Orm): Orm {
  requirePeer("@mikro-orm/postgresql", { from: [6, 6], below: [7, 0] })
  const connection = orm.em.getConnection() as { getKnex?(): { readonly client: KnexClient } }
  const client = connection.getKnex?.().client
  if (client?.dialect !== "postgresql") throw refused("the MikroORM is not one for PostgreSQL")
  // They would be read with a login that the fence knows nothing of.
  if (([orm.config.get("replicas")].flat() as unknown[]).some((each) => each !== undefined && each !== null))
    throw refused("the MikroORM has replicas of its own")
  void (client.pool as { destroy?(): unknown } | undefined)?.destroy?.()
  client.pool = undefined
  takeConnections(wk, client)
  orm.config.set("resultCache", { ...Object(orm.config.get("resultCache")), adapter: NoResultCache } as never)
  // Made behind that, for it keeps its cache. A fork of a fork looks up no context.
  const first = orm.em.fork()
  const managers = new WeakMap<object, Manager>()
  const managerOfContext = (): Manager => {
    const context = wk.tryContext()
    // Without a context each call is alone, and refused.
    if (context === undefined) return first.fork()
    const manager = managers.get(context) ?? first.fork()
    managers.set(context, manager)
    return manager
  }
  orm.config.set("context", managerOfContext as () => never)
  return orm
}

const refused = (message: string): WardkeepError =>
  new WardkeepError("WK009", {
    message,
    hint: "Pass `MikroORM.initSync({ dbName, entities })` of `@mikro-orm/postgresql`, without `replicas`.",
  })
