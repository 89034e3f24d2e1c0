/** What the ledger is to say, written down apart from it: one act at a time, with the clock given. */
export const purposesAsked = ["outreach", "research", "reminders"] as const
export type PurposeAsked = (typeof purposesAsked)[number]
export const kinds = [
  "requested",
  "granted",
  "refused",
  "withdrawn",
  "renewed",
  "expired",
  "objected",
  "objection_lifted",
] as const
export type Kind = (typeof kinds)[number]
export type By = "subject" | "parent" | "guardian"

export interface Said {
  readonly kind: Exclude<Kind, "objected" | "objection_lifted">
  readonly by: By
  readonly at: number
  readonly until: number | null
}

export interface Person {
  born: string | null
  served: boolean
  readonly represented: Map<Exclude<By, "subject">, string>
  /** Of each purpose that waits for consent, everything that was said, oldest first. */
  readonly said: Readonly<Record<"outreach" | "research", Said[]>>
  /** When what a row says of the person was worked out last: between these two moments. */
  refreshed: readonly [number, number]
  readonly objections: { readonly kind: "objected" | "objection_lifted"; readonly at: number }[]
}

export const newPerson = (born: string | null): Person => ({
  born,
  served: false,
  represented: new Map(),
  said: { outreach: [], research: [] },
  refreshed: [0, 0],
  objections: [],
})

/** Midnight in India of the eighteenth birthday. */
function adultFrom(born: string): number {
  return Date.parse(`${Number(born.slice(0, 4)) + 18}${born.slice(4)}T00:00:00+05:30`)
}

const wasAdult = ({ born }: Person, at: number): boolean => born !== null && adultFrom(born) <= at

/** Whether a yes holds at a moment. */
function holds(person: Person, { kind, by, at, until }: Said, now: number): boolean {
  if (kind !== "granted" && kind !== "renewed") return false
  if (until !== null && until <= now) return false
  return by === "parent" ? !wasAdult(person, now) : wasAdult(person, at)
}

/** Where a person stood at a moment, in the words of the ledger. */
export function stateAt(person: Person, purpose: "outreach" | "research", saidUntil: number, now = saidUntil): string {
  const last = person.said[purpose].filter(({ at }) => at <= saidUntil).at(-1)
  if (last === undefined) return "none"
  if (last.kind !== "granted" && last.kind !== "renewed") return last.kind
  return holds(person, last, now) ? "granted" : "expired"
}

/**
 * Whether a purpose reaches the person's row. A row knows the nearest end only: from then until something is decided, or ends
 * are recorded, no purpose that waits for consent reaches it.
 */
export function reaches(person: Person, purpose: PurposeAsked, now: number, refreshed: number): boolean {
  if (purpose === "reminders") return person.objections.at(-1)?.kind !== "objected"
  const counted = (one: "outreach" | "research"): boolean =>
    stateAt(person, one, Number.POSITIVE_INFINITY, refreshed) === "granted" &&
    (one === "outreach" || wasAdult(person, refreshed))
  const hasEnded = (one: "outreach" | "research"): boolean =>
    counted(one) && (person.said[one].at(-1)?.until ?? Number.POSITIVE_INFINITY) <= now
  return counted(purpose) && !hasEnded("outreach") && !hasEnded("research")
}

/** Whether the ledger takes an act. */
export function takes(person: Person, purpose: PurposeAsked, kind: Kind, by: By, now: number): boolean {
  if (by !== "subject" && !person.represented.has(by)) return false
  if (purpose === "reminders") {
    if (kind === "objected") return true
    return kind === "objection_lifted" && person.objections.at(-1)?.kind === "objected"
  }
  const last = person.said[purpose].at(-1)
  const given = last?.kind === "granted" || last?.kind === "renewed"
  const stands = last !== undefined && given && holds(person, last, now)
  switch (kind) {
    case "objected":
    case "objection_lifted":
      return false
    case "withdrawn":
      return given
    case "expired":
      return given && !stands
    case "refused":
      return !stands
    case "requested":
      return person.served && !stands
    case "renewed":
      return (given || last?.kind === "expired") && mayGive(person, purpose, by, now)
    case "granted":
      return mayGive(person, purpose, by, now)
  }
}

function mayGive(person: Person, purpose: "outreach" | "research", by: By, now: number): boolean {
  if (!person.served) return false
  return wasAdult(person, now) ? by !== "parent" : by === "parent" && purpose === "outreach"
}
