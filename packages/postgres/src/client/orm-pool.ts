import pg from "pg"
import type { Context } from "../context/context.js"
import type { ContextStore } from "../context/store.js"
import { answer, type Callback, type OrmCall, OrmClient, readCall } from "./orm-client.js"
import type { Runtime } from "./runtime.js"
import type { Result } from "./wire/unit.js"

/**
 * A `pg.Pool` for ORMs. Context is read when `connect()` or `query()` is called, never later; it opens no session of
 * its own. Real enough for `instanceof pg.Pool`, which Drizzle and Prisma ask for.
 */
export function ormPool(runtime: Runtime, store: ContextStore, context: () => Context): pg.Pool {
  const pool = new pg.Pool({ max: runtime.settings.max })
  const { connections } = runtime
  const connect = (callback?: Callback): Promise<OrmClient> | undefined => {
    const taken = attempt(async () => new OrmClient(runtime, store, context()))
    if (typeof callback !== "function") return taken
    const bound = readCall("", callback).callback as (error: unknown, client?: OrmClient, release?: () => void) => void
    taken.then(
      (client) => process.nextTick(bound, undefined, client, client.release),
      (error: unknown) => process.nextTick(bound, error, undefined, () => undefined),
    )
    return undefined
  }
  const query = (first: unknown, ...rest: readonly unknown[]): Promise<Result<never>> | undefined => {
    let call: OrmCall
    try {
      call = readCall(first, ...rest)
    } catch (error) {
      return Promise.reject<Result<never>>(error)
    }
    const { text, values, reading, callback } = call
    const run = attempt(async () => {
      const read = runtime.statements.read(text)
      const within = context()
      if (read.kind.kind === "query") return await runtime.run<never>(within, read, values, reading)
      const client = new OrmClient(runtime, store, within)
      try {
        return (await client.query(text)) as Result<never>
      } finally {
        client.release()
      }
    })
    return answer(run, callback)
  }
  // The sessions belong to `wk.close()`.
  const end = (callback?: () => void): Promise<void> | undefined => answer(Promise.resolve(), callback)
  Object.defineProperties(pool, {
    connect: { value: connect },
    query: { value: query },
    end: { value: end },
    totalCount: { get: () => connections.total },
    idleCount: { get: () => connections.idle },
    waitingCount: { get: () => connections.waiting },
  })
  return pool
}

/** Runs now, so that the context is the caller's; what it throws becomes a rejection. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return await work()
}
