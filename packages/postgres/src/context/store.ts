import { AsyncLocalStorage } from "node:async_hooks"
import type { Context } from "./context.js"
import type { Scope, Session } from "./session.js"

/** What one asynchronous flow carries: a session, the choice made from it, and the transaction it is inside. */
export interface Frame {
  /** The same object in all frames of one `wk.run`, and in no other's. */
  readonly run: object
  readonly session: Session
  readonly scope: Scope
  /** Chosen when it is first needed, so that a session with several purposes can be entered before one is named. */
  context: Context | undefined
  readonly transaction: OpenTransaction | undefined
}

/** What the store needs to know of a transaction. */
export interface OpenTransaction {
  readonly parent: OpenTransaction | undefined
  readonly ended: boolean
}

/**
 * Carries the frame along the host's asynchronous flow. AsyncLocalStorage unless the host already lives on something
 * else, see `wardkeep/cls-hooked`. `run` must keep the frame until the promise of `work` settles.
 */
export interface ContextStore {
  run<T>(frame: Frame, work: () => Promise<T>): Promise<T>
  get(): Frame | undefined
}

const slot = Symbol.for("wardkeep.context.v1")

/** One for the process, made eagerly: two copies of this package (ESM and CommonJS) must see the same context. */
const storage = shared()

export const asyncLocalStore: ContextStore = {
  // `await` inside: a lazy thenable (Prisma, Drizzle, Knex) starts its query here, not after the context has ended.
  run: (frame, work) => storage.run(frame, async () => await work()),
  get: () => storage.getStore(),
}

function shared(): AsyncLocalStorage<Frame> {
  const holder = globalThis as typeof globalThis & { [slot]?: AsyncLocalStorage<Frame> }
  holder[slot] ??= new AsyncLocalStorage<Frame>()
  return holder[slot]
}
