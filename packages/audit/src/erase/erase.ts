import type { Queryable } from "@wardkeep/postgres/migrate"

export interface EraseOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  readonly tenant: string
  readonly subject: string
  /** Why; it is recorded, so it must not name the person. */
  readonly reason: string
}

export interface Erased {
  readonly events: number
  /**
   * Events of rows that belong to other rows (`through`) and of which the log does not tell to which, because they were made
   * before it began: they may be about the person or about anybody, and stay.
   */
  readonly untold: number
}

/**
 * Takes a person out of a tenant's sealed events: who they are, which record, what changed; rows that belonged to the person's
 * rows too, as far as the log tells. Every old proof still verifies.
 * Copies outside of the live tables (backups, bundles handed over) are not reached.
 *
 * @throws WK409 no reason, or events about the person that are not sealed yet · WK440 a legal hold · WK444 the sealer, or whoever
 *   places a hold, did not end within ten seconds; nothing is erased then
 * @example const { events } = await eraseSubject({ client, tenant, subject: patientId, reason: "request 17" })
 */
export async function eraseSubject({ client, tenant, subject, reason }: EraseOptions): Promise<Erased> {
  const { rows } = await client.query<{ events: number }>("select wardkeep_audit.erase_subject($1, $2, $3) as events", [
    tenant,
    subject,
    reason,
  ])
  const left = await client.query<{ untold: number }>("select wardkeep_audit.of_nobody_told($1) as untold", [tenant])
  return { events: rows[0]?.events ?? 0, untold: left.rows[0]?.untold ?? 0 }
}
