import type { Answer } from "./exchange.js"
import { isReference, isTenantKind } from "./kind.js"
import type { Item } from "./reading.js"
import { normal } from "./token.js"
import type { Shown } from "./view.js"

/** A record that the application itself keeps from somebody: the proof that it is private. */
export interface PrivateItem {
  readonly id: string | undefined
  readonly kind: string | undefined
  readonly strong: ReadonlySet<string>
  readonly weak: ReadonlySet<string>
}

/** Records of one account that the application was seen to keep from another. */
export class Denials {
  readonly #byStrong = new Map<string, PrivateItem[]>()
  readonly #byId = new Map<string, PrivateItem>()

  /** How often somebody was refused. */
  refusals = 0

  get tokens(): ReadonlyMap<string, readonly PrivateItem[]> {
    return this.#byStrong
  }

  /** `shown` is the owner's answer; somebody else was refused the same question. */
  add(shown: Shown): void {
    this.refusals += 1
    for (const item of shown.reading.items) {
      if (item.top) this.#keep(item)
    }
  }

  #keep(item: Item): void {
    const own = item.leaves.filter(({ key, text }) => !isReference(key) || text === item.id)
    const strong = new Set(own.flatMap(({ tokens }) => tokens))
    const weak = new Set(own.map(({ text }) => normal(text)).filter((text) => text.length >= 4))
    const kind = own.find(({ text }) => text === item.id)?.kind
    const kept = { id: item.id, kind, strong, weak }
    for (const token of strong) this.#byStrong.set(token, [...(this.#byStrong.get(token) ?? []), kept])
    if (item.id !== undefined) this.#byId.set(`${kind} ${normal(item.id)}`, kept)
  }

  /**
   * The tokens of this object that prove that it is a private record: its own id if nobody guesses it, or two values of
   * one record. One shared value, such as the address of a doctor who works in two places, proves nothing; nor does the
   * id of a branch, which directories show. `strict` asks for more than ids: nobody at all sees public pages too.
   */
  evidenceIn(item: Item, counts: (token: string) => boolean, strict = false): string[] {
    const texts = item.leaves.map(({ text }) => normal(text))
    const tokens = [...new Set(item.leaves.flatMap(({ tokens }) => tokens))].filter(counts)
    const candidates = new Set(tokens.flatMap((token) => this.#byStrong.get(token) ?? []))
    const named = item.leaves.flatMap(({ kind, text }) => this.#byId.get(`${kind} ${normal(text)}`) ?? [])
    for (const candidate of [...candidates, ...named]) {
      const found = tokens.filter((token) => candidate.strong.has(token))
      const id = candidate.id === undefined ? "" : normal(candidate.id)
      const isSame = id !== "" && texts.includes(id)
      const strongId = isSame && found.includes(id) ? 1 : 0
      const weak = texts.filter((text) => candidate.weak.has(text) && text !== id && counts(text))
      const weight = strict ? 0 : strongId === 1 && !isTenantKind(candidate.kind) ? 2 : isSame ? 1 : 0
      const score = weight + (found.length - strongId) + weak.length / 2
      if (found.length > 0 && score >= 2) return found
      if (!strict && isSame && weak.length >= 2) return weak.slice(0, 3)
    }
    return []
  }
}

/** Kept from whoever asked: an error, or a success that holds nothing of the owner's answer. */
export function isDenied(owner: Shown, answer: Answer, tokens: ReadonlySet<string>): boolean {
  if ([400, 401, 403, 404, 410, 422].includes(answer.status)) return true
  if (answer.status >= 300 && answer.status < 400) return true
  if (answer.status >= 400) return false
  return owner.reading.tokens.size > 0 && [...owner.reading.tokens.keys()].every((token) => !tokens.has(token))
}
