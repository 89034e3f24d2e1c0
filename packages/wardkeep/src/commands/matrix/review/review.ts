import { type Policy, WardkeepError } from "@wardkeep/core"
import { asOwner, type Queryable } from "@wardkeep/postgres/migrate"
import { type Connection, withInstalled } from "../../../connection/owner.js"
import * as sql from "./queries.js"
import type { Decision } from "./sheet.js"

export interface ReviewOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** One clinic only. */
  readonly tenant?: string | undefined
  /** Days without a session after which an assignment counts as unused. Default 90. */
  readonly unusedDays?: number
  /** Default: the clock of the database. */
  readonly now?: Date
}

/** Moments are ISO 8601 in UTC. */
export interface ReviewedAssignment {
  readonly id: string
  readonly actor: string
  readonly tenant: string
  readonly role: string
  /** `whole clinic`, `branch …` or `group …`. */
  readonly scope: string
  readonly validFrom: string
  readonly validUntil: string | null
  readonly grantedBy: string
  readonly grantedAs: string
  readonly grantedAt: string
  readonly reason: string
  /** The actor's last session that held this role in this clinic; null: none is recorded. */
  readonly lastSession: string | null
  /** Null where it was granted too lately to say. */
  readonly unused: boolean | null
  readonly notes: readonly string[]
}

export interface Person {
  readonly actor: string
  readonly lastSession: string
  /** Roles of the sessions that are open now. */
  readonly openRoles: readonly string[]
}

export interface Signal {
  readonly actor: string
  /** What was seen; no proof that somebody shared a login. */
  readonly seen: string
}

export interface Review {
  readonly at: string
  readonly deployment: string
  readonly tenant: string | null
  readonly unusedDays: number
  readonly keptBy: "host" | "required"
  readonly assignments: readonly ReviewedAssignment[]
  /** Everybody with a session in the recorded time: all there is where the application keeps the assignments. */
  readonly people: readonly Person[]
  /** Offboarding: sessions that are open although nothing is assigned to the actor. */
  readonly leftOpen: readonly Signal[]
  readonly sharedLogins: readonly Signal[]
  /** What the records cannot say. */
  readonly notRecorded: readonly string[]
  /** One per assignment, where somebody decided about them before it was signed. */
  readonly decisions?: readonly Decision[]
}

/**
 * Who holds what, granted by whom, until when and whether it is used. Reads Wardkeep's own tables and no row of a patient.
 *
 * @throws WK002 not installed · WK009 no such clinic, or an option · WK005 · WK307 neither migrator nor administrator
 * @example const { assignments } = await review({ policy, connection: { env: process.env } })
 */
export async function review(options: ReviewOptions): Promise<Review> {
  const { policy, connection, unusedDays = 90 } = options
  const tenant = options.tenant ?? null
  return await withInstalled(connection, (client) =>
    asOwner(client, policy, async () => {
      const { rows } = await client.query<{ now: Date; known: boolean }>(
        "select clock_timestamp() as now, $1::text is null or exists (select from wardkeep.known_tenant k where k.tenant = $1) as known",
        [tenant],
      )
      const [clock] = rows
      if (clock?.known !== true)
        throw new WardkeepError("WK009", { message: "--tenant names no clinic of this database" })
      const now = options.now ?? clock.now
      return {
        at: now.toISOString(),
        deployment: policy.deployment,
        tenant,
        unusedDays,
        keptBy: policy.assignments,
        assignments: await assignments(client, policy, { tenant, now, unusedDays }),
        people: (await client.query<Person>(sql.people, [tenant, now])).rows,
        leftOpen: policy.assignments === "host" ? [] : (await client.query<Signal>(sql.leftOpen, [tenant, now])).rows,
        sharedLogins: [
          ...(await client.query<Signal>(sql.overlapping, [tenant, now])).rows,
          ...(await client.query<Signal>(sql.aroundTheClock, [tenant, now])).rows,
        ],
        notRecorded: notRecorded(policy),
      }
    }),
  )
}

interface Asked {
  readonly tenant: string | null
  readonly now: Date
  readonly unusedDays: number
}

type Raw = Omit<ReviewedAssignment, "unused" | "notes"> & { readonly granterHolds: boolean; readonly taken: boolean }

async function assignments(client: Queryable, policy: Policy, asked: Asked): Promise<ReviewedAssignment[]> {
  const { rows } = await client.query<Raw>(sql.assignments, [asked.tenant, asked.now])
  return rows.map(({ granterHolds, taken, ...one }) => {
    const unused = isUnused(one, asked)
    return { ...one, unused, notes: notesOf(policy, one, { granterHolds, taken, unused }, asked) }
  })
}

const day = 86_400_000

function isUnused(
  { lastSession, grantedAt, validFrom }: Omit<Raw, "granterHolds" | "taken">,
  { now, unusedDays }: Asked,
): boolean | null {
  const since = now.getTime() - unusedDays * day
  if (lastSession !== null && Date.parse(lastSession) > since) return false
  return Math.max(Date.parse(grantedAt), Date.parse(validFrom)) > since ? null : true
}

function notesOf(
  policy: Policy,
  { role, validFrom, validUntil }: Omit<Raw, "granterHolds" | "taken">,
  { granterHolds, taken, unused }: { granterHolds: boolean; taken: boolean; unused: boolean | null },
  { now, unusedDays }: Asked,
): string[] {
  const left = validUntil === null ? Number.POSITIVE_INFINITY : Date.parse(validUntil) - now.getTime()
  return [
    ...(unused === true ? [`no session for more than ${unusedDays} days`] : []),
    ...(policy.actors.some(({ name }) => name === role) ? [] : ["the policy file has no such role any more"]),
    ...(taken ? ["the clinic took the role away"] : []),
    ...(Date.parse(validFrom) > now.getTime() ? ["not valid yet"] : []),
    ...(left <= 14 * day ? ["ends within 14 days"] : []),
    ...(granterHolds ? [] : ["whoever granted it holds nothing any more"]),
  ]
}

function notRecorded({ assignments: keptBy }: Policy): string[] {
  return [
    "Which of its roles a session was used in: it is recorded with every role that it held, and counts for each. What was written as which role is in the audit log, where there is one.",
    "When somebody last looked at a row without changing it.",
    "Where a session came from, unless the application gave it a label; devices and places are not recorded.",
    "Sessions that were forgotten after a year at least.",
    ...(keptBy === "host"
      ? ["Who holds which role: your application keeps it. Below are those who were given sessions."]
      : []),
  ]
}
