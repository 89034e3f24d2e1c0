import { call } from "../handling/call.js"
import {
  type Access,
  type AccessCoverage,
  type AccessWindow,
  type ReviewOutcome,
  readAccessCoverage,
  readAccesses,
  readable,
} from "./accesses.js"

/** One access that waits, or waited, for somebody to say what it was. */
export interface QueuedAccess extends Access {
  /** `explained_later`: nothing explained it when it was first asked, and something does now. */
  readonly status: "open" | "explained_later" | ReviewOutcome
}

export interface UnexplainedAccesses {
  /** Oldest first. */
  readonly rows: readonly QueuedAccess[]
  /** There is more than `limit` let through; it stands in the queue nevertheless. */
  readonly more: boolean
  readonly counts: {
    /** Accesses to a named person. */
    readonly named: number
    readonly explained: number
    readonly unexplained: number
    /** By the name of the explanation; an access may have several. */
    readonly by: Readonly<Record<string, number>>
  }
  readonly coverage: AccessCoverage
}

const defaultLimit = 1000
/** What queue_accesses takes at once. */
const together = 10_000

/**
 * The accesses of a window that nothing explains, and what became of those that nothing explained before. Each is put into the
 * queue, once, in the name of who asked; nobody takes one out.
 *
 * @param window.limit rows at most; default 1000
 * @throws WK435 not a reviewer · WK438 no window, or no reason · WK101, WK102 · WK103 inside a transaction
 * @example const { rows, counts, coverage } = await unexplained({ client: wk, from, to, reason: "weekly review" })
 */
export async function unexplained(window: AccessWindow & { readonly limit?: number }): Promise<UnexplainedAccesses> {
  const { client, limit = defaultLimit } = window
  const accesses = await readAccesses(window)
  const queued = accesses.flatMap(queuedOf)
  const fresh = queued.filter(({ status, queuedAt }) => status === "open" && queuedAt === null)
  for (let start = 0; start < fresh.length; start += together) {
    const some = fresh.slice(start, start + together)
    const values = [some.map(({ event }) => event), some.map(({ subject }) => subject)]
    try {
      await call(client, "wardkeep_audit.queue_accesses($1::text[], $2::text[])", values)
    } catch (error) {
      throw readable(error)
    }
  }
  const coverage = await readAccessCoverage(client, accesses)
  return { rows: queued.slice(0, limit), more: queued.length > limit, counts: countsOf(accesses), coverage }
}

function queuedOf(access: Access): QueuedAccess[] {
  if (access.class !== "named") return []
  if (access.review !== null) return [{ ...access, status: access.review.outcome }]
  if (access.explanations.length === 0) return [{ ...access, status: "open" }]
  return access.queuedAt === null ? [] : [{ ...access, status: "explained_later" }]
}

function countsOf(accesses: readonly Access[]): UnexplainedAccesses["counts"] {
  const named = accesses.filter((one) => one.class === "named")
  const by: Record<string, number> = {}
  for (const { explanations } of named) for (const name of explanations) by[name] = (by[name] ?? 0) + 1
  const explained = named.filter(({ explanations }) => explanations.length > 0).length
  return { named: named.length, explained, unexplained: named.length - explained, by }
}
