import { WardkeepError } from "@wardkeep/core"

export interface Limits {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
}

type Listener = (error: WardkeepError) => void

/** One end for what a caller may give: an AbortSignal, a time, or both. Always cleared. */
export class Deadline {
  error: WardkeepError | undefined
  readonly #listeners = new Set<Listener>()
  readonly #signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined

  readonly #onAbort = (): void =>
    this.#expire(new WardkeepError("WK111", { message: "the call was aborted", cause: this.#signal?.reason }))

  readonly #onTimeout = (): void => this.#expire(late())

  constructor({ signal, timeout }: Limits) {
    this.#signal = signal
    if (signal?.aborted) this.#onAbort()
    else signal?.addEventListener("abort", this.#onAbort, { once: true })
    if (timeout !== undefined && this.error === undefined) this.#timer = setTimeout(this.#onTimeout, timeout)
  }

  /** undefined when the caller gave no limits, which costs nothing then. */
  static of(limits: Limits | undefined): Deadline | undefined {
    return limits === undefined || (limits.signal === undefined && limits.timeout === undefined)
      ? undefined
      : new Deadline(limits)
  }

  /** Calls back once, at once if it is already over. Returns how to leave. */
  onExpire(listener: Listener): () => void {
    if (this.error !== undefined) {
      listener(this.error)
      return () => undefined
    }
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener("abort", this.#onAbort)
    this.#listeners.clear()
  }

  #expire(error: WardkeepError): void {
    if (this.error !== undefined) return
    this.error = error
    const listeners = [...this.#listeners]
    this.clear()
    for (const listener of listeners) listener(error)
  }
}

/** Begins once `first` is over, with what it left of the time; not at all where the caller was told meanwhile that it is over. */
export async function after<L extends Limits, T>(
  limits: L | undefined,
  first: Promise<unknown>,
  work: (left: L | undefined) => Promise<T>,
): Promise<T> {
  const since = performance.now()
  await first
  if (limits?.timeout === undefined) return await work(limits)
  const timeout = limits.timeout - (performance.now() - since)
  if (timeout <= 0) throw late()
  return await work({ ...limits, timeout })
}

function late(): WardkeepError {
  return new WardkeepError("WK111", { message: "the call took too long" })
}

/** Waits no longer for what goes on than the caller said, also where it is more than one statement. */
export async function within<T>(limits: Limits | undefined, work: Promise<T>): Promise<T> {
  const deadline = Deadline.of(limits)
  if (deadline === undefined) return await work
  try {
    return await Promise.race([work, new Promise<never>((_, reject) => void deadline.onExpire(reject))])
  } finally {
    deadline.clear()
  }
}
