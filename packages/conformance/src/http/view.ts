import type { Answer, Call } from "./exchange.js"
import { isReference, isTenantKind, singular } from "./kind.js"
import { type Item, type Leaf, type Reading, readAnswer } from "./reading.js"
import type { Routes, Slot } from "./route.js"
import { isWeak, normal, strongTokens } from "./token.js"

/** One answer that an account got to a question of its own. */
export interface Shown {
  readonly account: string
  readonly call: Call
  readonly route: string
  readonly slots: readonly Slot[]
  readonly answer: Answer
  readonly reading: Reading
  /** Asked now, not only recorded: only these can be controls. */
  readonly live: boolean
}

export interface Sighting {
  readonly route: string
  readonly leaf: Leaf
}

export function shownOf(account: string, call: Call, answer: Answer, routes: Routes, live: boolean): Shown {
  const reading = readAnswer(answer, routes.collectionOf(call))
  return { account, call, route: routes.of(call), slots: routes.slotsOf(call), answer, reading, live }
}

/** What one account, or nobody, is shown in ordinary use. */
export class View {
  readonly tokens = new Map<string, Sighting>()
  readonly weak = new Set<string>()
  /** Kind → what names one of them, as it was written. */
  readonly kinds = new Map<string, Set<string>>()
  /** By id, with the kind of thing in front: `patient 17`. */
  readonly items = new Map<string, { readonly item: Item; readonly route: string }>()
  readonly digests = new Set<string>()

  add({ reading, route, answer, slots }: Pick<Shown, "reading" | "route" | "answer" | "slots">, own = true): void {
    this.digests.add(answer.digest)
    for (const [token, leaf] of reading.tokens) {
      const before = this.tokens.get(token)
      if (before === undefined || (isReference(before.leaf.key) && !isReference(leaf.key)))
        this.tokens.set(token, { route, leaf })
    }
    for (const { text, kind } of reading.leaves) {
      if (isWeak(text)) this.weak.add(normal(text))
      if (kind !== undefined && text !== "" && text.length <= 200) this.#name(kind, text)
    }
    for (const item of reading.items) if (item.id !== undefined) this.items.set(itemKey(item), { item, route })
    if (!own) return
    // What an account asks for is its own as well, be it shown in no answer.
    for (const { place, name, value } of slots) if (place === "path" && value !== "") this.#name(singular(name), value)
  }

  namesOf(kind: string): string[] {
    return [...(this.kinds.get(kind) ?? [])]
  }

  knows(value: string, kind: string): boolean {
    const tokens = strongTokens(value)
    if (tokens.length > 0) return tokens.every((token) => this.tokens.has(token)) || this.#has(value, kind)
    return this.#has(value, kind)
  }

  /** The tenants that this account shows up with and the other one does not. */
  tenantsBeside(other: View): [kind: string, value: string][] {
    return [...this.kinds]
      .filter(([kind]) => isTenantKind(kind))
      .flatMap(([kind, values]) =>
        [...values].filter((value) => !other.knows(value, kind)).map((value): [string, string] => [kind, value]),
      )
  }

  #has(value: string, kind: string): boolean {
    return this.kinds.get(kind)?.has(value) === true
  }

  #name(kind: string, value: string): void {
    const values = this.kinds.get(kind) ?? new Set()
    values.add(value)
    this.kinds.set(kind, values)
  }
}

export function itemKey(item: Item): string {
  const own = item.leaves.find(({ text }) => text === item.id)
  return `${own?.kind ?? ""} ${normal(item.id ?? "")}`
}
