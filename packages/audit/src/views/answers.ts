const capacity = 2000

interface Answer<T> {
  readonly coming: Promise<T>
  value?: T
}

/** Answers that calls share: asked for once, kept while they are young enough, forgotten where they failed. */
export class Answers<T> {
  readonly #kept = new Map<string, Answer<T>>()

  /** What was answered already. */
  known(key: string): T | undefined {
    return this.#kept.get(key)?.value
  }

  /** Whether there is an answer, which may be undefined. */
  isKnown(key: string): boolean {
    const kept = this.#kept.get(key)
    return kept !== undefined && "value" in kept
  }

  /** An answer that nobody has to be asked for. */
  keep(key: string, value: T): void {
    keepWithin(this.#kept, key, { coming: Promise.resolve(value), value })
  }

  forget(key: string): void {
    this.#kept.delete(key)
  }

  /** Waits for an answer on its way. One that fails says nothing to others than who asked: their session may have ended. */
  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const others = this.#kept.get(key)
    if (others === undefined) return await this.anew(key, ask)
    try {
      return await others.coming
    } catch {
      return await this.anew(key, ask)
    }
  }

  async anew(key: string, ask: () => Promise<T>): Promise<T> {
    const answer: Answer<T> = { coming: ask() }
    keepWithin(this.#kept, key, answer)
    try {
      answer.value = await answer.coming
      return answer.value
    } catch (error) {
      if (this.#kept.get(key) === answer) this.#kept.delete(key)
      throw error
    }
  }
}

/** Keeps a value, and forgets the oldest of too many. */
export function keepWithin<T>(into: Map<string, T>, key: string, value: T): void {
  const [oldest] = into.keys()
  if (into.size >= capacity && oldest !== undefined) into.delete(oldest)
  into.set(key, value)
}
