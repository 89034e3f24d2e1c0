import type { Policy } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { asOwner } from "./owner.js"

export interface ForgetSessionsOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  /** Sessions that were over before this time go; at least a year ago. */
  readonly before: Date
  readonly reason: string
}

/**
 * Removes sessions that were over before a time, and the lines in `wardkeep.activity` that each login, job and look-up
 * left. Assignments, emergencies and the sessions they name, keys, maintenance and every other line stay. It records itself.
 *
 * @returns how many sessions were removed
 * @throws WK307 no reason, or a time that is less than a year ago · the login may not take the owner's role
 * @example await forgetSessions({ client, policy, before: new Date("2024-01-01"), reason: "two years are over" })
 */
export async function forgetSessions(options: ForgetSessionsOptions): Promise<number> {
  const { client, policy, before, reason } = options
  return await asOwner(client, policy, async () => {
    const text = "select wardkeep.forget_sessions($1, $2) as sessions"
    return (await client.query<{ sessions: number }>(text, [before.toISOString(), reason])).rows[0]?.sessions ?? 0
  })
}
