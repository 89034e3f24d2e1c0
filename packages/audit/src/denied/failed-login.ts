import { WardkeepError } from "@wardkeep/core"
import type { Queryable } from "@wardkeep/postgres/migrate"

export interface FailedLogin {
  /** Whose clinic, where that is known; otherwise it is recorded in the deployment's own log. */
  readonly tenant?: string
  /** Who they said they are. People type passwords into this field: give the id of the account, or `unknown` where there is none. */
  readonly actor: string
  /** A word of your own: small letters, digits, dash and underscore, at most 40, such as `password` or `second-factor`. */
  readonly reason: string
}

/**
 * Records that somebody did not get in. Ten a minute and clinic are events; of the rest the number is kept, so that nobody fills
 * a disk from outside.
 *
 * @param client a pool or connection of the issuer's login; the one given to `createIssuer` serves
 * @throws WK434 a reason that is no such word · 42501 another login
 * @example await recordFailedLogin(pool, { tenant: clinicId, actor: account.id, reason: "password" })
 */
export async function recordFailedLogin(client: Pick<Queryable, "query">, failed: FailedLogin): Promise<void> {
  const { tenant, actor, reason } = failed
  if (!/^[a-z0-9_-]{1,40}$/.test(reason)) throw new WardkeepError("WK434", { message: "a reason is a short word" })
  await client.query("select wardkeep_audit.record_failed_login($1, $2, $3)", [tenant ?? null, actor, reason])
}
