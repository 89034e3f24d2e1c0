import { WardkeepError } from "@wardkeep/core"
import { call, type HandlingClient, noView } from "../handling/call.js"
import { iso } from "../read/question.js"

/** Which accesses: those from `from` on and before `to`, at most 31 days. */
export interface AccessWindow {
  /** A client in whose context the question is asked: a role under `detection.reviewedBy`. */
  readonly client: HandlingClient
  /** ISO 8601. */
  readonly from: string
  readonly to: string
  /** Why; it is recorded. */
  readonly reason: string
}

export type ReviewOutcome = "legitimate" | "not_legitimate" | "forwarded"

/** What a review said last. */
export interface ReviewSaid {
  readonly outcome: ReviewOutcome
  readonly by: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly reason: string
}

/** One access to one person: a view, or the beginning of a download, print, export or share. */
export interface Access {
  /** The event, as `reviewAccess` takes it. */
  readonly event: string
  /** The same access after an erasure of somebody else beside the person, when its event is another one. */
  readonly access: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly actor: string
  /** The role that was held: of a combination the combination. */
  readonly role: string
  readonly purpose: string
  /** Null: the actor stood in several. */
  readonly branch: string | null
  readonly session: string | null
  readonly verb: string
  readonly relation: string
  readonly subject: string | null
  /** How many persons the event shows. */
  readonly persons: number
  /**
   * `named`: of this person. `undetermined`: it was recorded that rows were shown, and not whose; never counted as explained.
   * `service`: by a job, which has no curiosity. `erased`: the person was erased from the log.
   */
  readonly class: "named" | "undetermined" | "service" | "erased"
  /** Whether the actor was assigned the role there at that moment; null where the database does not know. */
  readonly assigned: boolean | null
  /** The number that `detection.numbers` names. */
  readonly number: string | null
  /** Names of explanations of the policy file that hold; for `named` only. */
  readonly explanations: readonly string[]
  readonly queuedAt: string | null
  readonly review: ReviewSaid | null
}

/** What an answer about accesses rests on. */
export interface AccessCoverage {
  /** Events before it were dropped, or never recorded. ISO 8601, UTC. */
  readonly since: string | null
  /** Tables whose views through the client are recorded now. */
  readonly tables: number
  /** Whether the reviewer sees every branch of the clinic. */
  readonly wholeTenant: boolean
  readonly undetermined: number
  readonly erased: number
  readonly services: number
  /** The same in sentences. */
  readonly gaps: readonly string[]
}

interface Found extends Omit<Access, "review"> {
  readonly outcome: ReviewOutcome | null
  readonly by: string | null
  readonly reviewedAt: string | null
  readonly why: string | null
}

const accessesText = `select x.event, x.access::text as access, ${iso("x.at")} as at, x.actor, x.role, x.purpose, x.branch, x.session, x.verb, x.relation, x.subject, x.persons,
    x.class, x.assigned, x.number, x.explanations, ${iso("x.queued_at")} as "queuedAt", x.outcome, x.reviewed_by as by, ${iso("x.reviewed_at")} as "reviewedAt", x.review_reason as why
  from wardkeep_audit.explained($1, $2, $3) x`

/**
 * Every access of a window, one row per person, with the explanations that hold. The host's tables are read in the context in
 * force: what the reviewer may not see explains nothing. The reading is an event, committed before a row is returned.
 *
 * @throws WK435 not a reviewer · WK438 no window, or no reason · WK101, WK102 · WK103 inside a transaction
 * @example const accesses = await readAccesses({ client: wk, from: "2026-11-01T00:00Z", to: "2026-11-08T00:00Z", reason: "weekly review" })
 */
export async function readAccesses({ client, from, to, reason }: AccessWindow): Promise<Access[]> {
  try {
    const { rows } = await client.query<Found>(accessesText, [from, to, reason], noView)
    return rows.map(({ outcome, by, reviewedAt, why, ...access }) => ({
      ...access,
      review:
        outcome === null || by === null || reviewedAt === null || why === null
          ? null
          : { outcome, by, at: reviewedAt, reason: why },
    }))
  } catch (error) {
    throw readable(error)
  }
}

/** A role that reviews nothing may not even call the functions. */
export function readable(error: unknown): unknown {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
  if (code === "42501" || code === "42883") return new WardkeepError("WK435", { cause: error })
  if (code === "22007" || code === "22008")
    return new WardkeepError("WK438", { message: "from and to are moments, such as 2026-11-01T00:00Z", cause: error })
  return error
}

interface Rested {
  readonly since: string | null
  readonly tables: number
  readonly wholeTenant: boolean
}

export async function readAccessCoverage(client: HandlingClient, accesses: readonly Access[]): Promise<AccessCoverage> {
  const rested = await call<Rested>(client, "wardkeep_audit.access_coverage()", [])
  if (rested === null) throw new WardkeepError("WK901", { message: "access_coverage answers" })
  return coverageOf(rested, accesses)
}

export function coverageOf({ since, tables, wholeTenant }: Rested, accesses: readonly Access[]): AccessCoverage {
  const events = (wanted: Access["class"]): number =>
    new Set(accesses.flatMap((one) => (one.class === wanted ? [one.event] : []))).size
  const [undetermined, erased, services] = [events("undetermined"), events("erased"), events("service")]
  const gaps = [
    since === null ? "No events are kept." : `Events before ${since} were dropped, or never recorded.`,
    tables === 0
      ? "No table's views are recorded: who looked without changing anything stands nowhere."
      : `Views of ${tables} tables through the client are recorded; what went around the client is not.`,
    ...(undetermined > 0 ? [`${undetermined} events name nobody: they may be of anybody, and none is explained.`] : []),
    ...(erased > 0 ? [`${erased} events answer to no name: the person was erased.`] : []),
    ...(services > 0 ? [`${services} events are of services, which are not judged here.`] : []),
    ...(wholeTenant ? [] : ["Other branches, and who stood in several branches at once, are not in this answer."]),
  ]
  return { since, tables, wholeTenant, undetermined, erased, services, gaps }
}
