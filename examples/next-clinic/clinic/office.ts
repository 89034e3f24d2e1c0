import { connected, policy } from "@wardkeep/example-express-clinic"
import { type AuditEvent, type Reading, timeline } from "wardkeep/audit"
import { asOwner } from "wardkeep/migrate"

interface Asked {
  /** Who asks: the log has the migrator's login as the reader, so this stands in the reason. */
  readonly by: string
  readonly tenant: string
  readonly subject: string
  readonly reason: string
}

/**
 * What happened to one patient's records. With the migrator's login, a connection for each question: whoever takes over the
 * process that holds it has every patient of every clinic, so a product runs this apart from what the internet reaches.
 *
 * The caller asks the database first whether the patient is one of theirs.
 */
export async function patientTimeline({ by, tenant, subject, reason }: Asked): Promise<Reading<AuditEvent>> {
  const connectionString = process.env.MIGRATOR_DATABASE_URL
  if (connectionString === undefined) throw new Error("set MIGRATOR_DATABASE_URL")
  return await connected(connectionString, (client) =>
    asOwner(client, policy, () => timeline({ client, tenant, subject, reason: `${by}: ${reason}`, limit: 200 })),
  )
}
