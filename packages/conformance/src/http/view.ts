import type { Answer, Call } from "./exchange.js"
import { isReference, isTenantKind, kindOfSlot, singular } from "./kind.js"
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
  readonly routes: Set<string>
}

export function shownOf(account: string, call: Call, answer: Answer, routes: Routes, live: boolean): Shown {
  const reading = readAnswer(answer, routes.collectionOf(call))
  return { account, call, route: routes.of(call), slots: routes.slotsOf(call), answer, reading, live }
}

/** What one account, or nobody, is shown in ordinary use. */
export class View {
  readonly tokens = new Map<string, Sighting>()
  /** Plain values → where they were first seen. */
  readonly weak = new Map<string, Pick<Sighting, "route" | "leaf">>()
  /** Kind → what names one of them, as it was written. */
  readonly kinds = new Map<string, Set<string>>()
  /** By id, with the kind of thing in front: `patient 17`. */
  readonly items = new Map<string, { readonly item: Item; readonly route: string }>()
  readonly digests = new Set<string>()
  /** `key=text` of every value. */
  readonly texts = new Set<string>()
  /** Every value outside the headings of a file. */
  readonly values = new Set<string>()
  /** Route → tenant → its kind. */
  readonly #tenants = new Map<string, Map<string, string>>()

  add({ reading, route, answer, slots }: Pick<Shown, "reading" | "route" | "answer" | "slots">, own = true): void {
    this.digests.add(answer.digest)
    for (const [token, leaf] of reading.tokens) {
      const before = this.tokens.get(token)
      if (before === undefined || (isReference(before.leaf.key) && !isReference(leaf.key)))
        this.tokens.set(token, { route, leaf, routes: before?.routes ?? new Set() })
      this.tokens.get(token)?.routes.add(route)
    }
    this.#tenants.set(route, this.#tenants.get(route) ?? new Map())
    for (const leaf of reading.leaves) {
      const { key, text, kind, path } = leaf
      this.texts.add(`${key}=${text}`)
      this.#tenant(route, kind, text)
      const plain = normal(text)
      if (!path.startsWith("body line 1 ")) this.values.add(plain)
      if (isWeak(text) && !this.weak.has(plain)) this.weak.set(plain, { route, leaf })
      if (kind !== undefined && text !== "" && text.length <= 200) this.#name(kind, text)
    }
    for (const item of reading.items) if (item.id !== undefined) this.items.set(itemKey(item), { item, route })
    if (!own) return
    // What an account asks for is its own as well, be it shown in no answer.
    for (const { place, name, value } of slots) {
      const kind = place === "path" ? singular(name) : kindOfSlot(name)
      this.#tenant(`${route} asked`, kind, value)
      if (place === "path" && value !== "") this.#name(kind, value)
    }
  }

  namesOf(kind: string): string[] {
    return [...(this.kinds.get(kind) ?? [])]
  }

  knows(value: string, kind: string): boolean {
    const tokens = strongTokens(value)
    if (tokens.length > 0) return tokens.every((token) => this.tokens.has(token)) || this.#has(value, kind)
    return this.#has(value, kind)
  }

  /**
   * The tenants that this account stands for and the other does not: what the same page shows to one and not to the
   * other, and what one asks for by itself. A directory that shows everybody to both says nothing.
   */
  tenantsBeside(other: View): [kind: string, value: string][] {
    const theirs = new Set(other.#ownTenants(this).map(([, value]) => value))
    return this.#ownTenants(other).filter(([, value]) => !theirs.has(value))
  }

  #ownTenants(other: View): [kind: string, value: string][] {
    const own = [...this.#tenants].flatMap(([route, kinds]) => {
      const beside = other.#tenants.get(route)
      if (beside === undefined) return []
      return [...kinds].filter(([value]) => !beside.has(value)).map(([value, kind]): [string, string] => [kind, value])
    })
    return [...new Map(own.map((one) => [one[1], one])).values()]
  }

  #tenant(route: string, kind: string | undefined, value: string): void {
    if (kind === undefined || !isTenantKind(kind) || value === "" || value.length > 200) return
    const known = this.#tenants.get(route) ?? new Map<string, string>()
    this.#tenants.set(route, known.set(value, kind))
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
