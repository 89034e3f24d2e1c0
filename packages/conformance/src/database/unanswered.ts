/** Errors that come from the state of the server and not from a policy or a privilege: what was asked is still open. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^55P03$/, "it was in use by somebody else"],
  [/^25006$/, "the server takes no writes: it is a replica, or the transaction is read-only"],
  [/^57014$/, "it took longer than the run may wait, or somebody cancelled it"],
  [/^53/, "the server was short of memory, disk or connections"],
  [/^40(P01|001)$/, "it was in the way of another transaction"],
]

export const whyUnanswered = (code: string): string | undefined => kinds.find(([form]) => form.test(code))?.[1]

/** Attempts that were neither carried out nor refused, by the object that was being tried. */
export class Unanswered {
  #found = new Map<string, { readonly object: string; readonly why: string }>()
  #object = ""

  /** What is tried from now on. */
  at(object: string): void {
    this.#object = object
  }

  note(code: string): void {
    const why = whyUnanswered(code)
    if (why !== undefined) this.add(`${code}, ${why}`)
  }

  add(why: string): void {
    this.#found.set(`${this.#object}\n${why}`, { object: this.#object, why })
  }

  /** What was noted since the last time. */
  take(): { readonly object: string; readonly why: string }[] {
    const found = [...this.#found.values()]
    this.#found = new Map()
    return found
  }
}
