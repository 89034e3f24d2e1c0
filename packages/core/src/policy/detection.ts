import { z } from "zod"
import { duration, durationSeconds, windowDuration } from "./duration.js"
import type { Actor, Policy } from "./policy.js"

const column = z.string().min(1).max(63)
const named = z.array(z.string().min(1)).min(1).optional()
/** Which accesses it explains; without them, every one. */
const only = { roles: named, purposes: named, tables: named }

const explanation = z.union(
  [
    z.strictObject({
      row: z.string(),
      at: column,
      before: windowDuration.default("PT0S"),
      after: windowDuration.default("PT0S"),
      actor: column.optional(),
      ...only,
    }),
    z.strictObject({ duty: z.string(), actor: column, from: column, until: column, ...only }),
    z.strictObject({ assigned: z.literal(true), ...only }),
    z.strictObject({ referral: z.literal("open"), ...only }),
    z.strictObject({ emergency: z.literal("justified"), ...only }),
  ],
  {
    error:
      "write { row, at, before, after, actor }, { duty, actor, from, until }, { assigned: true }, { referral: 'open' } or { emergency: 'justified' }, with roles, purposes or tables where it holds for some only",
  },
)

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "write a time of day such as 07:30")
const zone = z.string().refine(isZone, "write a time zone such as Asia/Kolkata")

export const detectionSchema = z.strictObject({
  reviewedBy: z.array(z.string()).min(1),
  explanations: z.record(
    z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, "use lower-case letters, digits, hyphens and underscores, at most 40"),
    explanation,
  ),
  zone: zone.default("UTC"),
  hours: z.strictObject({ from: clock, until: clock }).optional(),
  numbers: z.strictObject({ table: z.string(), column }).optional(),
  volume: z.strictObject({ least: z.int().min(2).max(100_000) }).default({ least: 30 }),
  walk: z
    .strictObject({ persons: z.int().min(3).max(1000), within: duration })
    .default({ persons: 8, within: "PT10M" }),
  refusals: z.strictObject({ n: z.int().min(2).max(10_000), within: duration }).default({ n: 20, within: "PT1H" }),
  reviewWithin: windowDuration.default("PT72H"),
})

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== ""
  } catch {
    return false
  }
}

interface Only {
  /** Null: whatever the role, purpose or table was. */
  readonly roles: readonly string[] | null
  readonly purposes: readonly string[] | null
  readonly tables: readonly string[] | null
}

/** Why somebody had to see a person's rows. Names of tables are qualified. */
export type Explanation = { readonly name: string } & Only &
  (
    | {
        readonly kind: "row"
        readonly table: string
        readonly at: string
        readonly beforeSeconds: number
        readonly afterSeconds: number
        readonly actor: string | null
      }
    | {
        readonly kind: "duty"
        readonly table: string
        readonly actor: string
        readonly from: string
        readonly until: string
      }
    | { readonly kind: "assigned" | "referral" | "emergency" }
  )

/** Which accesses are explained, who reviews the others, and from where on an alert is raised. */
export interface Detection {
  readonly reviewedBy: readonly string[]
  readonly explanations: readonly Explanation[]
  readonly zone: string
  readonly hours: { readonly from: string; readonly until: string } | null
  readonly numbers: { readonly table: string; readonly column: string } | null
  /** Days of one person that a role's measure rests on at least. */
  readonly volumeLeast: number
  readonly walk: { readonly persons: number; readonly seconds: number }
  readonly refusals: { readonly n: number; readonly seconds: number }
  readonly reviewSeconds: number
}

type Declared = z.output<typeof detectionSchema>

export function detectionOf(declared: Declared | undefined, qualify: (name: string) => string): Detection | null {
  if (declared === undefined) return null
  const { reviewedBy, zone, hours = null, numbers, volume, walk, refusals, reviewWithin } = declared
  return {
    reviewedBy,
    explanations: Object.entries(declared.explanations).map(([name, one]) => resolved(name, one, qualify)),
    zone,
    hours,
    numbers: numbers === undefined ? null : { ...numbers, table: qualify(numbers.table) },
    volumeLeast: volume.least,
    walk: { persons: walk.persons, seconds: durationSeconds(walk.within) },
    refusals: { n: refusals.n, seconds: durationSeconds(refusals.within) },
    reviewSeconds: durationSeconds(reviewWithin),
  }
}

function resolved(name: string, one: z.output<typeof explanation>, qualify: (name: string) => string): Explanation {
  const { roles = null, purposes = null, tables } = one
  const shared = { name, roles, purposes, tables: tables?.map(qualify) ?? null }
  if ("row" in one) {
    const { row, at, before, after, actor = null } = one
    const seconds = { beforeSeconds: durationSeconds(before), afterSeconds: durationSeconds(after) }
    return { ...shared, kind: "row", table: qualify(row), at, ...seconds, actor }
  }
  if ("duty" in one) {
    const { duty, actor, from, until } = one
    return { ...shared, kind: "duty", table: qualify(duty), actor, from, until }
  }
  return { ...shared, kind: "assigned" in one ? "assigned" : "referral" in one ? "referral" : "emergency" }
}

/** What can only be said of explanations, tables and roles together. */
export function checkDetection(
  detection: Detection | null,
  policy: Pick<Policy, "actors" | "tables" | "purposes" | "breakGlass" | "crossings" | "tenancy" | "assignments">,
  faults: string[],
): void {
  if (detection === null) return
  const known = new Map(policy.actors.map((actor) => [actor.name, actor]))
  const reviewers = detection.reviewedBy.flatMap((name) => {
    const actor = known.get(name)
    if (actor?.kind === "role" && !actor.confined) return [actor]
    faults.push(
      actor?.kind === "role"
        ? `detection.reviewedBy: ${name} is confined, and a reviewer sees all persons of a branch`
        : `detection.reviewedBy: ${name} is not under roles or combinations`,
    )
    return []
  })
  if (detection.explanations.length === 0)
    faults.push("detection.explanations: name at least one, or every access waits in the queue")
  for (const one of detection.explanations) {
    const where = `detection.explanations.${one.name}`
    checkOnly(one, where, policy, known, faults)
    if (one.kind === "assigned" && policy.assignments !== "required")
      faults.push(`${where}: write assignments: 'required', or the database does not know who is assigned`)
    if (one.kind === "emergency" && policy.breakGlass === null) faults.push(`${where}: there is no breakGlass`)
    if (one.kind === "referral" && (policy.crossings?.referral ?? null) === null)
      faults.push(`${where}: there is no crossings.referral`)
    if (one.kind === "row" || one.kind === "duty") checkRow(one, where, policy, reviewers, faults)
  }
  const { numbers } = detection
  if (numbers === null) return
  const rule = policy.tables.get(numbers.table)
  if (rule?.subject === undefined) faults.push(`detection.numbers.table: ${numbers.table} has no subject under tables`)
  else requireRead([rule.subject, numbers.column], numbers.table, "detection.numbers", reviewers, faults)
}

function checkOnly(
  { roles, purposes, tables, kind }: Explanation,
  where: string,
  policy: Pick<Policy, "tables" | "purposes">,
  known: ReadonlyMap<string, Actor>,
  faults: string[],
): void {
  for (const name of roles ?? []) if (!known.has(name)) faults.push(`${where}.roles: ${name} is not under roles`)
  for (const name of purposes ?? [])
    if (!policy.purposes.has(name)) faults.push(`${where}.purposes: ${name} is not under purposes`)
  for (const name of tables ?? [])
    if (!policy.tables.has(name)) faults.push(`${where}.tables: ${name} is not under tables`)
  // Whoever is at work would be explained whatever they look at, and with them whoever is curious.
  if ((kind === "duty" || kind === "assigned") && (roles ?? purposes ?? tables) === null)
    faults.push(`${where}: it names no person; say for which roles, purposes or tables it is enough`)
}

function checkRow(
  one: Extract<Explanation, { kind: "row" | "duty" }>,
  where: string,
  { tables, tenancy }: Pick<Policy, "tables" | "tenancy">,
  reviewers: readonly Actor[],
  faults: string[],
): void {
  const rule = tables.get(one.table)
  if (rule === undefined) return void faults.push(`${where}: ${one.table} is not under tables`)
  if (rule.scope !== "branch") return void faults.push(`${where}: ${one.table} needs the scope 'branch'`)
  if (one.kind === "row" && rule.subject === undefined)
    return void faults.push(`${where}: ${one.table} names no subject`)
  const columns =
    one.kind === "duty"
      ? [one.actor, one.from, one.until]
      : [rule.subject ?? "", one.at, ...(one.actor === null ? [] : [one.actor])]
  requireRead([...columns, tenancy.columns.branch], one.table, where, reviewers, faults)
}

/** Read in the reviewer's own context: what the matrix hides from them would explain nothing. */
function requireRead(
  columns: readonly string[],
  table: string,
  where: string,
  reviewers: readonly Actor[],
  faults: string[],
): void {
  for (const { name, can } of reviewers) {
    const read = can.get(table)?.rules.read
    const missing =
      read === undefined
        ? columns
        : read.columns === "all"
          ? []
          : columns.filter((each) => !read.columns.includes(each))
    if (missing.length > 0) faults.push(`${where}: ${name} reviews, and has to read ${missing.join(", ")} of ${table}`)
  }
}
