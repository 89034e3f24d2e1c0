import { AsyncLocalStorage } from "node:async_hooks"
import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import type { Wardkeep } from "@wardkeep/postgres"

/** What the keys of caches are made from. */
export type Keyed = Pick<Wardkeep, "query" | "policyVersion">

/** Calls a function where this was made: in the request and in the context of its caller. */
type There = ReturnType<typeof AsyncLocalStorage.snapshot>

/** Asked of the server, so that an ended session has no key, and branches that were taken away are not in it. */
const facts = `select wardkeep.tenant() tenant, wardkeep.branches() branches, wardkeep.role_name() role,
  wardkeep.purpose() purpose, wardkeep.actor() actor, wardkeep.mfa_at() mfa_at`

interface Facts {
  readonly tenant: string
  readonly branches: readonly string[]
  readonly role: string
  readonly purpose: string
  readonly actor: string
  readonly mfa_at: Date | null
}

/** Keys under which rows may be kept, and the requests that wait under each. */
export class Keys {
  readonly #wk: Keyed
  readonly #waiting = new Map<string, Set<There>>()
  readonly #ends = new AsyncLocalStorage<(() => void)[]>()

  constructor(wk: Keyed) {
    this.#wk = wk
  }

  /** Keys that `work` asks for are good until it ends. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ends: (() => void)[] = []
    try {
      return await this.#ends.run(ends, work)
    } finally {
      for (const end of ends) end()
    }
  }

  /** @throws WK116 outside of what the adapter wraps · as `wk.query` */
  async make(): Promise<string> {
    const ends = this.#ends.getStore()
    if (ends === undefined) throw new WardkeepError("WK116", { message: "a key was asked for outside of the adapter" })
    const { tenant, branches, role, purpose, actor, mfa_at } = (await this.#wk.query<Facts & object>(facts))
      .rows[0] as Facts
    const parts = [this.#wk.policyVersion, tenant, [...branches].sort(), role, purpose, actor, mfa_at]
    const key = `wk1-${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`
    const there = AsyncLocalStorage.snapshot()
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting.add(there))
    ends.push(() => {
      waiting.delete(there)
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
    })
    return key
  }

  /** @throws WK116 nobody waits under this key */
  async within<T>(key: string, work: () => Promise<T>): Promise<T> {
    const [there] = this.#waiting.get(key) ?? []
    if (there === undefined) throw new WardkeepError("WK116")
    return await there(work)
  }
}
