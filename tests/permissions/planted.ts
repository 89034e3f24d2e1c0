import type { ConditionInput } from "@wardkeep/core"
import type { Context, Row } from "@wardkeep/permissions"
import type { Guard } from "./question.ts"

const now = new Date("2026-11-26T12:00:00Z")
const person = "abcdef00-0000-4000-8000-000000000001"
const branch = "abcdef00-0000-4000-8000-000000000004"

export const someone: Context = { actor: "asha", role: "asker", purpose: "care", branches: [branch], mfaAt: now, now }

/** A mistake in the generated text, and one case in which it gives another answer than TypeScript. */
export interface Planted {
  readonly what: string
  readonly when: ConditionInput
  readonly guard?: Guard
  readonly context: Partial<Context>
  readonly row: Row
  readonly change: readonly [RegExp | string, string]
}

const care = (assignment: Row): Pick<Context, "assignments"> => ({
  assignments: { "public.care_team": [{ staff: "asha", patient_id: person, ...assignment }] },
})
const team = { table: "public.care_team", actor: "staff", subject: "patient_id" }
const mine = { own: "author" }

export const planted: readonly Planted[] = [
  {
    what: "a disjunction for a conjunction",
    when: { all: [mine, { state: { column: "done", in: [true] } }] },
    context: {},
    row: { author: "asha", done: false },
    change: [' and "done"', ' or "done"'],
  },
  {
    what: "an assignment that begins too late",
    when: { assigned: { ...team, from: "valid_from" } },
    context: care({ valid_from: now }),
    row: { patient_id: person },
    change: ["<=", "<"],
  },
  {
    what: "an assignment that ends too late",
    when: { assigned: { ...team, until: "valid_to" } },
    context: care({ valid_to: now }),
    row: { patient_id: person },
    change: [" > ", " >= "],
  },
  {
    what: "an assignment of somebody else",
    when: { assigned: team },
    context: care({ staff: "ravi" }),
    row: { patient_id: person },
    // In both places: the assignment table's own policy would still hide it.
    change: [/(a\.)?"staff" = \(select c\.actor from \S+\(\S+\(\)\) c\)/g, "true"],
  },
  {
    what: "an open end that was forgotten",
    when: { assigned: { ...team, until: "valid_to", openEnd: true } },
    context: care({ valid_to: null }),
    row: { patient_id: person },
    change: [' or a."valid_to" is null', ""],
  },
  {
    what: "a window that is open at its far end",
    when: { within: { column: "created_at", last: "P7D" } },
    context: {},
    row: { created_at: new Date(now.getTime() + 1) },
    change: ["+ interval '0 seconds'", "+ interval '1 seconds'"],
  },
  {
    what: "hours that last too long",
    when: { hours: { zone: "Asia/Kolkata", from: "08:00", to: "17:30" } },
    context: {},
    row: {},
    change: ["c::time <", "c::time <="],
  },
  {
    what: "the day before of a night shift",
    when: { hours: { zone: "Asia/Kolkata", days: ["wed"], from: "22:00", to: "06:00" } },
    context: { now: new Date("2026-11-25T20:00:00Z") },
    row: {},
    change: ["interval '1320 minutes'", "interval '0 minutes'"],
  },
  {
    what: "another group",
    when: { group: { column: "branch_id", name: "north" } },
    context: { groups: { north: [branch] } },
    row: { branch_id: branch },
    change: ["'north'", "'none'"],
  },
  {
    what: "a second factor a second too old",
    when: mine,
    guard: { mfa: "PT15M" },
    context: { mfaAt: new Date(now.getTime() - 901_000) },
    row: { author: "asha" },
    change: [", 900, ", ", 901, "],
  },
  {
    what: "a purpose that does not matter",
    when: mine,
    guard: { purposes: ["billing"] },
    context: {},
    row: { author: "asha" },
    change: ["'billing'", "'care'"],
  },
  {
    what: "an actor in capitals",
    when: { own: "author_id" },
    context: { actor: person.toUpperCase() },
    row: { author_id: person },
    change: [/0-9a-f/g, "0-9a-fA-F"],
  },
  {
    what: "a number that is not in its canonical form",
    when: { own: "author_no" },
    context: { actor: "07" },
    row: { author_no: 7 },
    change: ["(0|-?[1-9][0-9]{0,18})", "-?[0-9]{1,18}"],
  },
]
