import type { Detection } from "@wardkeep/core"
import type { Access } from "./accesses.js"
import { compare, distinctEvents, groupBy, type Refused, type RuleHit } from "./hit.js"

/** Persons one after the other in the order of their numbers, one at a time, that nothing explains. */
export function walkAlerts({ walk }: Detection, accesses: readonly Access[]): RuleHit[] {
  const alone = accesses.filter((one) => one.class === "named" && one.explanations.length === 0 && one.persons === 1)
  return [...groupBy(alone, ({ actor }) => actor).values()].flatMap((rows) =>
    (["ascending", "descending"] as const).flatMap((order) =>
      runsOf(rows, order)
        .flatMap((run) => dense(run, walk.persons, walk.seconds))
        .flatMap((steps) => walkAlert(steps, order)),
    ),
  )
}

/** The accesses to one person that follow each other are one step. */
type StepOfWalk = readonly Access[]

function runsOf(rows: readonly Access[], order: "ascending" | "descending"): StepOfWalk[][] {
  const runs: Access[][][] = []
  let last: Access | undefined
  for (const row of rows) {
    const run = runs.at(-1)
    if (last !== undefined && run !== undefined && row.subject === last.subject) run.at(-1)?.push(row)
    else if (last !== undefined && run !== undefined && follows(last, row, order)) run.push([row])
    // The step that ends one run may begin the next one.
    else runs.push([[row]])
    last = row
  }
  return runs
}

function follows(before: Access, after: Access, order: "ascending" | "descending"): boolean {
  if ((before.number === null) !== (after.number === null)) return false
  const step = compareNumbers(before.number ?? before.subject ?? "", after.number ?? after.subject ?? "")
  return order === "ascending" ? step < 0 : step > 0
}

function compareNumbers(a: string, b: string): number {
  if (!/^\d{1,40}$/.test(a) || !/^\d{1,40}$/.test(b)) return compare(a, b)
  const [one, other] = [BigInt(a), BigInt(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

/** The parts of a run of which each belongs to `n` steps within the time. */
function dense(run: readonly StepOfWalk[], n: number, seconds: number): StepOfWalk[][] {
  const times = run.map(([first]) => Date.parse(first?.at ?? ""))
  return stretches(times, (start) => {
    const end = start + n - 1
    const [from, to] = [times[start], times[end]]
    return from !== undefined && to !== undefined && to - from <= seconds * 1000 ? end : null
  }).map(([from, to]) => run.slice(from, to + 1))
}

/** Joins the ranges that `endOf` finds where they touch. */
function stretches(times: readonly number[], endOf: (start: number) => number | null): [number, number][] {
  const found: [number, number][] = []
  for (const start of times.keys()) {
    const end = endOf(start)
    if (end === null) continue
    const last = found.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else found.push([start, end])
  }
  return found
}

function walkAlert(steps: readonly StepOfWalk[], order: string): RuleHit[] {
  const rows = steps.flat()
  const [first] = rows
  if (first === undefined) return []
  const to = rows.at(-1)?.at ?? first.at
  return [
    {
      rule: "walk",
      actor: first.actor,
      role: first.role,
      from: first.at,
      to,
      sentence: `${first.actor} as ${first.role} opened ${steps.length} persons one by one in ${order} order of their numbers within ${minutes(first.at, to)} minutes, and nothing explains it.`,
      innocent: "Somebody who tidies up registrations, checks a printed list, or works through an export in its order.",
      events: distinctEvents(rows),
    },
  ]
}

/** So many refusals of one actor within the time; what was only counted counts too. */
export function refusalAlerts({ refusals: bound }: Detection, refused: readonly Refused[]): RuleHit[] {
  return [...groupBy(refused, ({ actor }) => actor).values()].flatMap((rows) => {
    const times = rows.map(({ at }) => Date.parse(at))
    return stretches(times, (start) => reached(rows, times, start, bound)).flatMap(([from, to]): RuleHit[] => {
      const some = rows.slice(from, to + 1)
      const [first, last] = [some[0], some.at(-1)]
      if (first === undefined || last === undefined) return []
      const n = some.reduce((sum, one) => sum + one.n, 0)
      return [
        {
          rule: "refusals",
          actor: first.actor,
          role: first.role,
          from: first.at,
          to: last.at,
          sentence: `${first.actor} as ${first.role} was refused ${n} times within ${minutes(first.at, last.at)} minutes.`,
          innocent:
            "A page that asks for more than the role may see, a role that was narrowed, or a fault of the application.",
          events: distinctEvents(some),
        },
      ]
    })
  })
}

function reached(
  rows: readonly Refused[],
  times: readonly number[],
  start: number,
  { n, seconds }: Detection["refusals"],
): number | null {
  let sum = 0
  for (let end = start; end < rows.length; end++) {
    if ((times[end] ?? 0) - (times[start] ?? 0) > seconds * 1000) return null
    sum += rows[end]?.n ?? 0
    if (sum >= n) return end
  }
  return null
}

function minutes(from: string, to: string): number {
  return Math.max(1, Math.ceil((Date.parse(to) - Date.parse(from)) / 60_000))
}
