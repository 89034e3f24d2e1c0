import { z } from "zod"
import { windowDuration } from "./duration.js"

const column = z.string().min(1).max(63)
const tableName = z
  .string()
  .regex(/^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/, "write `table` or `schema.table`, lower-case")
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "write a time of day such as 08:00")
const zone = z.string().refine(isTimeZone, "write the name of a time zone, such as Asia/Kolkata")

const own = z.strictObject({ own: column })
const ownSubject = z.strictObject({ ownSubject: z.literal(true) })
const assigned = z.strictObject({
  assigned: z.strictObject({
    table: tableName,
    actor: column,
    subject: column,
    from: column.optional(),
    until: column.optional(),
    openEnd: z.literal(true).optional(),
  }),
})
const state = z.strictObject({
  state: z.strictObject({
    column,
    in: z
      .array(z.union([z.string(), z.int(), z.boolean()]))
      .min(1)
      .refine((values) => new Set(values.map((value) => typeof value)).size === 1, "write values of one type")
      .readonly(),
  }),
})
const branch = z.strictObject({ branch: column })
const group = z.strictObject({ group: z.strictObject({ column, name: z.string().min(1).max(63) }) })
const within = z.strictObject({
  within: z
    .strictObject({ column, last: windowDuration.optional(), next: windowDuration.optional() })
    .refine((window) => window.last !== undefined || window.next !== undefined, "write last, next or both"),
})
const hours = z.strictObject({
  hours: z
    .strictObject({
      zone,
      days: z
        .array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
        .min(1)
        .readonly()
        .optional(),
      from: clock.optional(),
      to: clock.optional(),
    })
    .refine((hours) => (hours.from === undefined) === (hours.to === undefined), "write from and to, or neither")
    .refine((hours) => hours.from === undefined || hours.from !== hours.to, "from and to are the same time")
    .refine((hours) => hours.days !== undefined || hours.from !== undefined, "write days, from and to, or both"),
})

const leaves = [own, ownSubject, assigned, state, branch, group, within, hours] as const
const leaf = z.union([...leaves])

/**
 * A condition of the closed grammar, as data. Each form says when it holds; anything unknown or NULL makes it false, and
 * there is no negation, so a condition can only narrow.
 *
 * - `own`: the column holds the actor.
 * - `ownSubject`: the table's subject is the actor (patients who sign in themselves).
 * - `assigned`: the assignment table has a row with this actor and the row's subject; `from` is not after now, `until` is
 *   after now, or NULL with `openEnd`.
 * - `state`: the column holds one of the values.
 * - `branch`: the column holds a branch of the context. `group`: a branch of the named branch group.
 * - `within`: the column lies between now minus `last` and now plus `next`; a side not named is now itself.
 * - `hours`: it is one of the days, and from `from` until before `to`, on the clock of the zone. A shift over midnight
 *   belongs to the day it begins on.
 * - `all`, `any`: every one, at least one.
 */
export type Condition =
  | z.output<typeof leaf>
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }

export type Hours = z.output<typeof hours>["hours"]
export type Window = z.output<typeof within>["within"]
export type Assigned = z.output<typeof assigned>["assigned"]
export type State = z.output<typeof state>["state"]

export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.union(
    [
      ...leaves,
      z.strictObject({ all: z.array(conditionSchema).min(1) }),
      z.strictObject({ any: z.array(conditionSchema).min(1) }),
    ],
    {
      error: (issue) => describeUnion(issue.input),
    },
  ),
)

/** Every part of a condition, the combined ones included. */
export function* partsOf(condition: Condition): Generator<Condition> {
  yield condition
  const inner = "all" in condition ? condition.all : "any" in condition ? condition.any : []
  for (const part of inner) yield* partsOf(part)
}

const forms = ["own", "ownSubject", "assigned", "state", "branch", "group", "within", "hours", "all", "any"]

function describeUnion(input: unknown): string {
  const keys = typeof input === "object" && input !== null ? Object.keys(input) : []
  const [form] = keys
  const known = keys.length === 1 && form !== undefined && forms.includes(form)
  return known ? `${form}: its parts are not valid` : `write one of ${forms.join(", ")}`
}

function isTimeZone(name: string): boolean {
  // Offsets and abbreviations have no summer time, and the two layers read them with opposite signs.
  if (!/^[A-Z][A-Za-z_]*(\/[A-Za-z_+-]+[0-9]*)*$/.test(name) || (!name.includes("/") && name !== "UTC")) return false
  try {
    new Intl.DateTimeFormat("en", { timeZone: name })
    return true
  } catch {
    return false
  }
}
