import { type Policy, quoteIdent, roleNames, WardkeepError } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"

/**
 * Runs `work` with the owner's role in force on the migrator's login: the host's own migrations go here, so that every
 * table belongs to the owner. `row_security` is off on this login: filtering becomes an error instead of UPDATE 0.
 *
 * @throws WK307 the login may not take the owner's role
 */
export async function asOwner<T>(
  client: Queryable,
  policy: Pick<Policy, "deployment">,
  work: () => Promise<T>,
): Promise<T> {
  const { owner } = roleNames(policy)
  try {
    await client.query(`set role ${quoteIdent(owner)}`)
  } catch (cause) {
    throw new WardkeepError("WK307", {
      message: `this login may not take the role ${owner}`,
      hint: "Connect with the migrator's login.",
      cause,
    })
  }
  let result: T
  try {
    result = await work()
  } catch (error) {
    // The work's error is the one to tell; on a lost connection the role is gone with it.
    await client.query("reset role").catch(() => undefined)
    throw error
  }
  await client.query("reset role")
  return result
}
