import { AsyncLocalStorage } from "node:async_hooks"
import { WardkeepError } from "@wardkeep/core"
import type { ContextStore, Frame } from "@wardkeep/postgres"

/** What is asked of the headers of a request. */
export interface RequestHeaders {
  keys(): Iterator<string>
}

/** `headers` of `next/headers`. */
export type ReadHeaders = () => PromiseLike<RequestHeaders>

/**
 * Carries the context in Next, and refuses it where the result would be kept for others. Next hands the caller's
 * asynchronous flow into a function under `unstable_cache`, and with it the context of whoever comes first; `headers()`
 * is forbidden there and so tells. Functions with `"use cache"` never get the flow, and so are without a context.
 */
export class NextStore implements ContextStore {
  readonly headers: ReadHeaders
  readonly #frames = new AsyncLocalStorage<Frame>()

  constructor(headers: ReadHeaders) {
    this.headers = headers
  }

  readonly run = <T>(frame: Frame, work: () => Promise<T>): Promise<T> =>
    this.#frames.run(frame, async () => await work())

  /** @throws WK115 inside `unstable_cache`, or after the answer where Next gives no request any more */
  readonly get = (): Frame | undefined => {
    const frame = this.#frames.getStore()
    if (frame !== undefined) this.#refuseShared()
    return frame
  }

  /** Whether somebody's context is in force, also where it is refused. */
  holds(): boolean {
    return this.#frames.getStore() !== undefined
  }

  #refuseShared(): void {
    try {
      void this.headers()
    } catch (error) {
      // A program that serves no request, a job for instance, has no cache of Next's either.
      if (error instanceof Error && error.message.includes("outside a request scope")) return
      // What Next throws to end a prerender is its own.
      if (typeof error === "object" && error !== null && "digest" in error) throw error
      throw new WardkeepError("WK115", { cause: error })
    }
  }
}

/**
 * The `contextStore` of a client that is used in Next.
 *
 * @example
 * const store = nextStore(headers) // of next/headers
 * export const wk = createWardkeep({ pool: { connectionString }, policy, contextStore: store })
 */
export function nextStore(headers: ReadHeaders): NextStore {
  return new NextStore(headers)
}
