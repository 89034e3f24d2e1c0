import { ClinicError } from "../http/clinic-error.js"

export interface AttemptLimit {
  /** @throws ClinicError 429 after too many failures */
  check(...keys: string[]): void
  failed(...keys: string[]): void
  succeeded(...keys: string[]): void
  /** Takes back one failure that was counted in advance. */
  forgiven(...keys: string[]): void
}

const window = 15 * 60_000
const allowed = 5

/** At most five failures per key in a quarter of an hour. A key is an account or an address; the clock is passed in. */
export function attemptLimit(clock: () => number): AttemptLimit {
  const failures = new Map<string, { count: number; until: number }>()
  const live = (key: string) => {
    const entry = failures.get(key)
    if (entry !== undefined && entry.until <= clock()) failures.delete(key)
    return failures.get(key)
  }
  return {
    check(...keys) {
      const locked = keys.map(live).find((entry) => entry !== undefined && entry.count >= allowed)
      if (locked === undefined) return
      const seconds = Math.ceil((locked.until - clock()) / 1000)
      throw new ClinicError(429, "too_many_attempts", "Too many failed attempts. Wait, then try again.", {
        retryAfter: seconds,
      })
    },
    failed(...keys) {
      for (const key of keys) {
        failures.set(key, { count: (live(key)?.count ?? 0) + 1, until: clock() + window })
      }
    },
    succeeded(...keys) {
      for (const key of keys) failures.delete(key)
    },
    forgiven(...keys) {
      for (const key of keys) {
        const entry = live(key)
        if (entry !== undefined) failures.set(key, { ...entry, count: entry.count - 1 })
      }
    },
  }
}
