import { WardkeepError } from "@wardkeep/core"
import type { Queryable } from "@wardkeep/postgres/migrate"

/** What somebody asked of the log. */
export interface Reading {
  readonly verb: "view" | "export"
  readonly tenant: string
  readonly reason: string
  readonly subject: string | null
  readonly asked: Readonly<Record<string, unknown>>
  /** How many entries were handed out. */
  readonly n: number
}

/**
 * Records that the log was read, in the transaction in force: who reads is the database's login. Nothing may be handed out
 * before that transaction has committed.
 *
 * @throws WK009 no reason
 */
export async function recordReading(client: Queryable, reading: Reading): Promise<void> {
  const { verb, tenant, reason, subject, asked, n } = reading
  if (reason.trim() === "")
    throw new WardkeepError("WK009", {
      message: "reading the audit log needs a reason",
      hint: "Say why; it is recorded.",
    })
  await client.query(
    `insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, subject, n, detail)
     values ($1, 'audit:' || session_user, 'owner', 'audit', $2, 'wardkeep_audit.event', $3, $4, $5)`,
    [tenant, verb, subject, n, JSON.stringify({ reason, ...asked })],
  )
}
