import type { Detection } from "@wardkeep/core"
import type { Access } from "./accesses.js"
import { type ActorDay, distinctEvents, groupBy, localTime, type Material, type RuleHit } from "./hit.js"

/** What the persons of a day are compared with. */
export interface Measure {
  readonly role: string
  /** Days of one person each, in the 28 before the window. */
  readonly days: number
  readonly people: number
  /** 99 of 100 of these days had at most so many persons; null where there are fewer days than the policy file asks for. */
  readonly bound: number | null
}

/** More persons on one day than 99 of 100 days of the same role had in the 28 days before the window began. */
export function volumeAlerts(
  { zone, volumeLeast }: Detection,
  { accesses, baseline }: Material,
): { alerts: RuleHit[]; tooLittle: Measure[] } {
  const local = localTime(zone)
  const before = groupBy(baseline, ({ role }) => role)
  const named = accesses.filter((one) => one.class === "named")
  const measures = new Map(
    [...new Set(named.map(({ role }) => role))]
      .sort()
      .map((role) => [role, measureOf(role, before.get(role) ?? [], volumeLeast)]),
  )
  const days = groupBy(named, ({ role, actor, at }) => JSON.stringify([role, actor, local(at).day]))
  const alerts = [...days.values()].flatMap((rows): RuleHit[] => {
    const [first] = rows
    const measure = measures.get(first?.role ?? "")
    if (first === undefined || measure === undefined || measure.bound === null) return []
    const persons = new Set(rows.map(({ subject }) => subject)).size
    return persons > measure.bound ? [alertOf(first, rows, persons, local(first.at).day, measure)] : []
  })
  return { alerts, tooLittle: [...measures.values()].filter(({ bound }) => bound === null) }
}

function alertOf(first: Access, rows: readonly Access[], persons: number, day: string, measure: Measure): RuleHit {
  const { actor, role } = first
  return {
    rule: "volume",
    actor,
    role,
    from: first.at,
    to: rows.at(-1)?.at ?? first.at,
    sentence: `${actor} as ${role} was shown rows of ${persons} persons on ${day}; 99 of 100 of the ${measure.days} days that ${measure.people} people worked as ${role} in the 28 days before had at most ${measure.bound}.`,
    innocent:
      "A camp or a very full day, somebody who stood in for colleagues, or a page that lists many persons at once.",
    events: distinctEvents(rows),
  }
}

/** Nearest rank: the smallest number that at least 99 of 100 days do not exceed; of fewer than 100 days the largest. */
function measureOf(role: string, days: readonly ActorDay[], least: number): Measure {
  const people = new Set(days.map(({ actor }) => actor)).size
  const sorted = days.map(({ persons }) => persons).sort((a, b) => a - b)
  const bound = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? null
  return { role, days: days.length, people, bound: days.length < least ? null : bound }
}
