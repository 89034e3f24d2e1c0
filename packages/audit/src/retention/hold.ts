import type { Queryable } from "@wardkeep/postgres/migrate"

export interface HoldOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  readonly tenant: string
  /** The person; left out, everybody of the tenant. */
  readonly subject?: string
  /** From when and until when what is held happened, as PostgreSQL reads a timestamptz; left out, at any time. */
  readonly since?: string
  readonly until?: string
  /** Why; it is recorded. */
  readonly reason: string
  /** Who asks for it, such as a court. */
  readonly authority: string
}

export interface Hold {
  readonly id: string
  readonly tenant: string
  readonly subject: string | null
  readonly since: Date | null
  readonly until: Date | null
  readonly reason: string
  readonly authority: string
  readonly at: Date
  readonly actor: string
  /** `audit`: on the log, by {@link placeLogHold}. `rights`: on a person's records, in the consent ledger; it holds the log too. */
  readonly placed_in: "audit" | "rights"
}

/**
 * A legal hold on a tenant's log, on what it says about a person, or on a time. Until it is released, no month with such
 * events is dropped and nobody it covers is erased or destroyed. The act is an event of the log.
 *
 * @returns its id · @throws WK443 no reason, no authority, or it ends before it begins
 * @example await placeLogHold({ client, tenant, subject: patientId, reason: "case 4/2026", authority: "district court" })
 */
export async function placeLogHold({ client, ...hold }: HoldOptions): Promise<string> {
  const { tenant, subject = null, since = null, until = null, reason, authority } = hold
  const { rows } = await client.query<{ id: string }>(
    "select wardkeep_audit.place_hold($1, $2, $3, $4, $5, $6) as id",
    [tenant, subject, since, until, reason, authority],
  )
  return rows[0]?.id ?? ""
}

/**
 * Ends a hold that {@link placeLogHold} placed. The act is an event of the log.
 *
 * @throws WK443 no reason, no such hold, or one of the consent ledger, which `releaseHold` of `wardkeep/consent` ends
 * @example await releaseLogHold({ client, hold, reason: "case closed" })
 */
export async function releaseLogHold(options: {
  readonly client: Queryable
  readonly hold: string
  readonly reason: string
}): Promise<void> {
  await options.client.query("select wardkeep_audit.release_hold($1, $2)", [options.hold, options.reason])
}

/**
 * Every legal hold that is open, the oldest first, in the ledger as well.
 *
 * @example const holds = await openHolds(client)
 */
export async function openHolds(client: Queryable): Promise<readonly Hold[]> {
  return (await client.query<Hold>("select * from wardkeep_audit.open_holds() order by at, id")).rows
}
