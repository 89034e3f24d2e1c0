/** Before anything was measured, at most, and how long the victim's rows may stay locked at a time. */
const calls = { first: 20, most: 500 }
/** The `deadlock_timeout` of a server that nobody changed: the wait after which PostgreSQL itself calls a lock long. */
const lockedMs = 1_000

/**
 * How many calls are made while the victim has written once. Its rows stay locked meanwhile, and others of the application may
 * want them, so slow functions are asked few at a time. All calls of one function are made together, however long they take.
 */
export class Pace {
  #room = calls.first

  get room(): number {
    return this.#room
  }

  /** That many calls, and what the victim wrote for them, kept its rows locked for so long. */
  took(made: number, milliseconds: number): void {
    const each = milliseconds / Math.max(1, made)
    this.#room = Math.min(calls.most, Math.max(1, Math.floor(lockedMs / Math.max(each, 0.1))))
  }
}

/** The first of them, as many as together weigh no more than `most`; what weighs more stands by itself. */
export function firstOf<T>(all: readonly T[], weigh: (one: T) => number, most: number): T[] {
  let room = most
  const taken = all.findIndex((one, at) => {
    room -= weigh(one)
    return room < 0 && at > 0
  })
  return all.slice(0, taken === -1 ? all.length : taken)
}
