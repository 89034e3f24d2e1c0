import { later } from "./calendar.js"
import type { Period } from "./schema.js"

/**
 * When something is due that must be done within a period of an event; null for a period of another kind.
 *
 * @example dueAt({ kind: "within", length: "PT6H", clock: "noticing" }, new Date("2026-11-22T20:00:00Z")) // 02:00 the next day
 */
export function dueAt(period: Period, since: Date): Date | null {
  return period.kind === "within" ? later(since, period.length) : null
}
