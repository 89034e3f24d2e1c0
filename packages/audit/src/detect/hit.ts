import { createHash } from "node:crypto"
import type { Access } from "./accesses.js"

export type AlertRule =
  | "volume"
  | "walk"
  | "emergency_without_review"
  | "outside_assignment"
  | "outside_hours"
  | "refusals"

/** What a rule found. */
export interface RuleHit {
  readonly rule: AlertRule
  /** Whose accesses these are. */
  readonly actor: string
  readonly role: string
  /** ISO 8601, UTC: the first and the last of its events. */
  readonly from: string
  readonly to: string
  /** What happened, in one sentence with its figures. */
  readonly sentence: string
  /** What it would be, were it nothing. */
  readonly innocent: string
  /** Every event it rests on, as `reviewAccess` takes them. */
  readonly events: readonly string[]
}

/** How many persons one actor reached on one day of the 28 before the window. */
export interface ActorDay {
  readonly role: string
  readonly actor: string
  readonly day: string
  readonly persons: number
}

export interface Refused {
  readonly event: string
  readonly at: string
  readonly actor: string
  readonly role: string
  readonly n: number
}

export interface Overdue {
  readonly actor: string
  readonly role: string
  readonly at: string
  /** Null: not at all. */
  readonly reviewed: string | null
  readonly events: readonly string[]
}

export interface Material {
  readonly accesses: readonly Access[]
  readonly baseline: readonly ActorDay[]
  readonly refusals: readonly Refused[]
  readonly overdue: readonly Overdue[]
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What an alert is known by: its rule and the numbers of its accesses, as `review_access()` reckons it; of what is no access, the event's. */
export function aboutOf(rule: string, events: readonly string[], numbers: ReadonlyMap<string, string>): string {
  const own = (event: string): string => event.slice(event.indexOf("-") + 1)
  const sorted = [...new Set(events.map((event) => numbers.get(event) ?? own(event)))].sort(compare)
  return createHash("sha256")
    .update(`${rule}:${sorted.join(",")}`)
    .digest("hex")
}

export function distinctEvents(accesses: readonly { readonly event: string }[]): string[] {
  return [...new Set(accesses.map(({ event }) => event))]
}

export function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group === undefined) groups.set(key(row), [row])
    else group.push(row)
  }
  return groups
}

const quarter = 900_000

/** `YYYY-MM-DD` and `HH:MM` of a moment in a time zone; asked of the calendar once per quarter of an hour, of which every zone is made. */
export function localTime(zone: string): (at: string) => { day: string; time: string } {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" })
  const known = new Map<number, string>()
  return (at) => {
    const moment = Date.parse(at)
    const index = Math.floor(moment / quarter)
    const begun = known.get(index) ?? format.format(index * quarter)
    known.set(index, begun)
    const minute = Number(begun.slice(14, 16)) + Math.floor((moment - index * quarter) / 60_000)
    return { day: begun.slice(0, 10), time: `${begun.slice(11, 14)}${String(minute).padStart(2, "0")}` }
  }
}
