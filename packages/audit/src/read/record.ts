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
 * @throws WK009 no reason · WK459 the server is a standby, or the session reads only · WK461 the log did not take the event
 */
export async function recordReading(client: Queryable, reading: Reading): Promise<void> {
  const { verb, tenant, reason, subject, asked, n } = reading
  if (reason.trim() === "")
    throw new WardkeepError("WK009", {
      message: "reading the audit log needs a reason",
      hint: "Say why; it is recorded.",
    })
  const entry = `insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, subject, n, detail)
     values ($1, 'audit:' || session_user, 'owner', 'audit', $2, 'wardkeep_audit.event', $3, $4, $5)`
  const values = [tenant, verb, subject, n, JSON.stringify({ reason, ...asked })]
  const { rowCount } = await client.query(entry, values).catch((cause: unknown) => {
    throw takesNoEntries(cause) ?? cause
  })
  if (rowCount !== 1) throw new WardkeepError("WK461")
}

/** WK459 for what a server says that is a standby, or whose session reads only. */
function takesNoEntries(cause: unknown): WardkeepError | undefined {
  if (!(cause instanceof Error && "code" in cause && cause.code === "25006")) return undefined
  return new WardkeepError("WK459", { message: "this server is a standby, or the session reads only", cause })
}
