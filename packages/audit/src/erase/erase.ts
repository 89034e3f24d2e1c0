import type { Queryable } from "@wardkeep/postgres/migrate"

export interface EraseOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  readonly tenant: string
  readonly subject: string
  /** Why; it is recorded, so it must not name the person. */
  readonly reason: string
}

/**
 * Takes a person out of a tenant's sealed events: who they are, which record, what changed. Every old proof still verifies.
 * Copies outside of the live tables (backups, bundles handed over) are not reached.
 *
 * @throws WK409 no reason, or events about the person that are not sealed yet; nothing is erased then
 * @example const { events } = await eraseSubject({ client, tenant, subject: patientId, reason: "request 17" })
 */
export async function eraseSubject({ client, tenant, subject, reason }: EraseOptions): Promise<{ events: number }> {
  const { rows } = await client.query<{ events: number }>("select wardkeep_audit.erase_subject($1, $2, $3) as events", [
    tenant,
    subject,
    reason,
  ])
  return { events: rows[0]?.events ?? 0 }
}
