import type { Detection } from "@wardkeep/core"
import type { Access } from "./accesses.js"
import { distinctEvents, groupBy, localTime, type Overdue, type RuleHit } from "./hit.js"

/** Emergencies that waited for their review longer than the policy file allows. */
export function overdueAlerts({ reviewSeconds }: Detection, overdue: readonly Overdue[]): RuleHit[] {
  return overdue.map(({ actor, role, at, reviewed, events }) => ({
    rule: "emergency_without_review",
    actor,
    role,
    from: at,
    to: at,
    sentence: `${actor} as ${role} declared an emergency at ${at}, and it ${reviewed === null ? "was not reviewed" : `was reviewed at ${reviewed} only, not`} within ${reviewSeconds / 3600} hours.`,
    innocent: "Nobody who reviews was there; the emergency itself may well have been one.",
    events,
  }))
}

/** Rows shown to somebody who was not assigned the role there at that moment. */
export function validityAlerts(accesses: readonly Access[]): RuleHit[] {
  const outside = accesses.filter((one) => one.class === "named" && one.assigned === false)
  return [...groupBy(outside, ({ actor, role, branch }) => JSON.stringify([actor, role, branch])).values()].flatMap(
    (rows) =>
      hit(rows, "outside_assignment", {
        sentence: ({ actor, role }, events) =>
          `${actor} was shown rows as ${role} in ${events} events while no assignment of that role was in force there.`,
        innocent:
          "A statement that was under way when the assignment ended, or one that was revoked for an earlier day.",
      }),
  )
}

/** Outside of the opening hours, and nothing explains it: who has a reason at night is not asked for another one. */
export function hoursAlerts({ hours, zone }: Detection, accesses: readonly Access[]): RuleHit[] {
  if (hours === null) return []
  const local = localTime(zone)
  const { from, until } = hours
  const isOpen = (time: string): boolean =>
    from <= until ? time >= from && time < until : time >= from || time < until
  const outside = accesses.filter(
    (one) => one.class === "named" && one.explanations.length === 0 && !isOpen(local(one.at).time),
  )
  return [...groupBy(outside, ({ actor, role, at }) => JSON.stringify([actor, role, local(at).day])).values()].flatMap(
    (rows) =>
      hit(rows, "outside_hours", {
        sentence: ({ actor, role, at }, events) =>
          `${actor} as ${role} was shown rows in ${events} events on ${local(at).day} outside of ${from} to ${until}, and nothing explains it.`,
        innocent: "Night duty that no roster holds, or somebody who finished the day's records at home.",
      }),
  )
}

function hit(
  rows: readonly Access[],
  rule: RuleHit["rule"],
  said: { readonly sentence: (first: Access, events: number) => string; readonly innocent: string },
): RuleHit[] {
  const [first] = rows
  if (first === undefined) return []
  const events = distinctEvents(rows)
  const { actor, role, at } = first
  const to = rows.at(-1)?.at ?? at
  return [
    { rule, actor, role, from: at, to, sentence: said.sentence(first, events.length), innocent: said.innocent, events },
  ]
}
