import type { InContext } from "./assignments.js"

/** What a clinic agreed to, and how it ended. */
export interface AggregateAgreement {
  readonly id: string
  readonly tenant: string
  readonly aggregate: string
  /** The figures as they were declared: table, columns, cells, minimum, rounding. */
  readonly definition: Readonly<Record<string, unknown>>
  readonly agreed_by: string
  readonly agreed_as: string
  readonly agreed_at: Date
  readonly ended_at: Date | null
  readonly ended_by: string | null
  readonly end_reason: string | null
}

/** What was counted of the clinic for one cell of one month. */
export interface AggregateContribution {
  readonly aggregate: string
  /** Its first day: `2026-10-01`. */
  readonly month: string
  /** A value of the closed list, `other`, or empty for all of the month. */
  readonly cell: string
  readonly persons: number
  /** Rows, or the sum as PostgreSQL prints it. */
  readonly value: string
  readonly counted_at: Date
  readonly released_at: Date | null
  /** Whether the figure it went into was published, or suppressed. */
  readonly published: boolean
}

/**
 * Agrees, for the clinic of the context, to be counted for figures of the policy file as they are declared now. Where they are
 * declared otherwise later, the clinic is not counted until it agrees again.
 *
 * @returns the id of the agreement; the same one where it agreed to them before
 * @throws WK250 this role does not decide it, not every branch, or no such figures · WK1xx
 * @example await wk.run(owner, () => agreeToAggregate(wk, "visits_per_month"))
 */
export async function agreeToAggregate(q: InContext, aggregate: string): Promise<string> {
  const { rows } = await q.query<{ id: string }>("select wardkeep.agree_to_aggregate($1) as id", [aggregate])
  return rows[0]?.id ?? ""
}

/**
 * Withdraws: what was counted and not released is taken back in the same transaction, and the next release has nothing of the
 * clinic. Figures that were published stay.
 *
 * @returns false: the clinic had not agreed
 * @throws WK250 this role does not decide it, not every branch, or no reason · WK1xx
 */
export async function withdrawFromAggregate(
  q: InContext,
  { aggregate, reason }: { readonly aggregate: string; readonly reason: string },
): Promise<boolean> {
  const text = "select wardkeep.withdraw_from_aggregate($1, $2) as ended"
  return (await q.query<{ ended: boolean }>(text, [aggregate, reason])).rows[0]?.ended === true
}

/** What the clinic of the context agreed to, also what is over. @throws WK250 · WK1xx */
export async function listAggregateAgreements(q: InContext): Promise<readonly AggregateAgreement[]> {
  return (await q.query<AggregateAgreement>("select * from wardkeep.list_aggregate_agreements()")).rows
}

/** What was counted of the clinic of the context, and what became of it. @throws WK250 · WK1xx */
export async function listAggregateContributions(q: InContext): Promise<readonly AggregateContribution[]> {
  const text = `select c.aggregate, to_char(c.month, 'YYYY-MM-DD') as month, c.cell, c.persons::integer as persons, c.value::text as value,
    c.counted_at, c.released_at, c.published from wardkeep.list_aggregate_contributions() c`
  return (await q.query<AggregateContribution>(text)).rows
}

/**
 * Counts one clinic for one month, in a context of the policy file's `aggregates.service` that holds every branch: call it in
 * `wk.job`. Counting again before the release replaces what was counted.
 *
 * @returns how many cells; 0 where the clinic did not agree
 * @throws WK251 another service, not every branch, a month that is not over or was released · WK1xx
 * @example
 * await wk.job("statistics", { tenants: "all" }, () => contributeToAggregate(wk, { aggregate: "visits_per_month", month: "2026-10-01" }))
 * await issuer.releaseAggregate({ aggregate: "visits_per_month", month: "2026-10-01", by: "meera@vendor" })
 */
export async function contributeToAggregate(
  q: InContext,
  { aggregate, month }: { readonly aggregate: string; readonly month: string },
): Promise<number> {
  const text = "select wardkeep.contribute($1, $2::date) as cells"
  return (await q.query<{ cells: number }>(text, [aggregate, month])).rows[0]?.cells ?? 0
}
