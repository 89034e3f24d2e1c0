/**
 * Next 16, app router: pages and other server components, route handlers and server actions in the caller's context,
 * and caches that never give one person's rows to another.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { WardkeepError } from "@wardkeep/core"
import type { Scope, Session } from "@wardkeep/postgres"
import { requirePeer } from "../peer.js"
import { inContext, type Refusal, type Runs, refusalIn } from "../request.js"
import { type Fields, fieldsOf } from "./fields.js"
import { type Keyed, Keys } from "./keys.js"
import type { NextStore } from "./store.js"

export type { Refusal, Runs } from "../request.js"
export type { Fields } from "./fields.js"
export type { Keyed } from "./keys.js"
export { NextStore, nextStore, type ReadHeaders, type RequestHeaders } from "./store.js"

/** Who asks. Called in a request, so `cookies()` and `headers()` of Next are there; `cache` of React keeps it to one call. */
export interface NextAsking {
  /** The `contextStore` of the client. */
  readonly store: NextStore
  /** Undefined: nobody is signed in. Pages and route handlers go on, and every protected read says WK101. */
  session(): Session | undefined | Promise<Session | undefined>
  scope?(): Scope | Promise<Scope>
  /** What a component shows in place of what was refused; `redirect("/sign-in")` for a 401. Default: the error goes on. */
  refused?(refusal: Refusal): unknown
}

/** What a server action answers when it was refused. The form's fields come back, for React empties the form. */
export interface RefusedAction {
  readonly refused: Refusal["body"] & Pick<Refusal, "status">
  readonly fields: Fields
}

/** `unstable_cache` of `next/cache`. */
export type UnstableCache<Options> = <Args extends unknown[], T>(
  work: (...args: Args) => Promise<T>,
  parts?: string[],
  options?: Options,
) => (...args: Args) => Promise<T>

/** What wraps an application's functions. See `nextContext`. */
export class NextContext {
  readonly #wk: Runs & Keyed
  readonly #asking: NextAsking
  readonly #keys: Keys

  constructor(wk: Runs & Keyed, asking: NextAsking) {
    this.#wk = wk
    this.#asking = asking
    this.#keys = new Keys(wk)
  }

  /**
   * A page, a layout or any other server component. React renders what it returns later and elsewhere: a component inside
   * that reads is wrapped itself.
   *
   * @example export default clinic.component(async () => <List rows={(await wk.query("select …")).rows} />)
   */
  component<Props extends unknown[], Node>(
    render: (...props: Props) => Node | Promise<Node>,
  ): (...props: Props) => Promise<Node> {
    return async (...props) => {
      try {
        return await this.#enter(async () => await render(...props))
      } catch (error) {
        const refusal = refusalIn(error)
        if (refusal === undefined || this.#asking.refused === undefined) throw error
        return (await this.#asking.refused(refusal)) as Node
      }
    }
  }

  /**
   * A route handler. Refusals are answered with status and code of the catalogue; what a signed-in caller gets is
   * `private, no-store`.
   *
   * @example export const GET = clinic.route(async () => Response.json((await wk.query("select …")).rows))
   */
  route<Args extends unknown[]>(
    handle: (...args: Args) => Response | Promise<Response>,
  ): (...args: Args) => Promise<Response> {
    return async (...args) => {
      try {
        return await this.#enter(async (signedIn) => {
          const response = await handle(...args)
          return signedIn ? unkept(response) : response
        })
      } catch (error) {
        const refusal = refusalIn(error)
        if (refusal === undefined) throw error
        return unkept(Response.json(refusal.body, { status: refusal.status }))
      }
    }
  }

  /**
   * A server action. Nobody signed in: it does not begin. What is refused becomes its answer, with the fields of the form,
   * because an error would reach the browser without its text and take the form away. Call `redirect()` after `wk.tx`, not
   * inside: it throws, and what throws is rolled back.
   *
   * @example export const addPatient = clinic.action(async (_before: unknown, form: FormData) => { … })
   */
  action<Args extends unknown[], Answer>(
    work: (...args: Args) => Promise<Answer>,
  ): (...args: Args) => Promise<Answer | RefusedAction> {
    return async (...args) => {
      try {
        return await this.#enter(async (signedIn) => {
          if (!signedIn) throw new WardkeepError("WK101")
          return await work(...args)
        })
      } catch (error) {
        const refusal = refusalIn(error)
        if (refusal === undefined) throw error
        return { refused: { status: refusal.status, ...refusal.body }, fields: fieldsOf(args) }
      }
    }
  }

  /**
   * The key under which rows of this context may be kept: policy version, tenant, branches, role, purpose, person and second
   * factor, as the server tells them now. Hand it to a function with `"use cache"` as an argument.
   *
   * @throws WK101 no context · WK102 the session has ended · WK116 outside of what this adapter wraps
   */
  async tenantKey(): Promise<string> {
    return await this.#keys.make()
  }

  /**
   * Inside a function with `"use cache"`: runs `work` in the context of a request that waits for it under this key.
   *
   * @throws WK115 not in a function with `"use cache"` · WK116 nobody waits under this key
   * @example
   * async function recent(key: string) {
   *   "use cache"
   *   return await clinic.within(key, async () => (await wk.query("select …")).rows)
   * }
   */
  async within<T>(key: string, work: () => Promise<T>): Promise<T> {
    // Under `unstable_cache` the key could be closed over, and so be no part of what the cache asks for.
    if (this.#asking.store.holds())
      throw new WardkeepError("WK115", { message: '`within` belongs into a function with "use cache", and only there' })
    return await this.#keys.within(key, work)
  }

  /**
   * A function under `unstable_cache`, kept for each key of `tenantKey` apart. Asks the server for the key before each
   * answer, so an ended session gets nothing from a cache.
   *
   * @example const recent = clinic.cached(unstable_cache, "recent", async (limit: number) => …, { revalidate: 60 })
   */
  cached<Args extends unknown[], T, Options>(
    unstableCache: UnstableCache<Options>,
    name: string,
    work: (...args: Args) => Promise<T>,
    options?: Options,
  ): (...args: Args) => Promise<T> {
    return async (...args) => {
      const key = await this.tenantKey()
      const there = AsyncLocalStorage.snapshot()
      const kept = unstableCache(
        async (_key: string, ...given: Args) => await there(work, ...given),
        ["wardkeep", name, String(work)],
        options,
      )
      return await kept(key, ...args)
    }
  }

  async #enter<T>(work: (signedIn: boolean) => Promise<T>): Promise<T> {
    const { store, session, scope } = this.#asking
    // Waits for ever in a prerender, and throws in a cache: neither belongs to one caller.
    const headers = await store.headers()
    if (headers.keys().next().done === true)
      throw new WardkeepError("WK115", { message: "this page is made once for everybody (`force-static`)" })
    const chosen = (await scope?.()) ?? {}
    const asking = { session, scope: () => chosen }
    const entered = async (): Promise<T> => {
      const signedIn = this.#wk.tryContext() !== undefined
      if (signedIn && !store.holds()) throw new WardkeepError("WK009", { message: unguarded })
      return await work(signedIn)
    }
    return await this.#keys.during(async () => await inContext(this.#wk, asking, undefined, entered))
  }
}

const unguarded =
  "the client was made without `contextStore: nextStore(headers)`, and its rows could be kept for others"

/** The answer, and that nobody keeps it. Headers of a redirect cannot be changed, so it is made anew. */
function unkept(response: Response): Response {
  const headers = new Headers(response.headers)
  headers.set("cache-control", "private, no-store")
  const { status, statusText, body } = response
  return new Response(body, { status, statusText, headers })
}

/**
 * Wraps pages, route handlers and server actions, each so that it runs in its caller's context.
 *
 * @throws WK009 another version of Next than it accepts
 * @example
 * const session = async () => sessions.get((await cookies()).get("sid")?.value)
 * export const clinic = nextContext(wk, { store, session, refused: () => redirect("/sign-in") })
 */
export function nextContext(wk: Runs & Keyed, asking: NextAsking): NextContext {
  requirePeer("next", { from: [16, 0], below: [17, 0] })
  return new NextContext(wk, asking)
}
