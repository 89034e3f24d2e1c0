import { consent } from "@wardkeep/consent"
import { type Policy, WardkeepError } from "@wardkeep/core"
import { inTenant, type Queryable } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { extensionsOf } from "../../connection/extensions.js"
import { type Connection, withInstalled } from "../../connection/owner.js"

/** Whose ledger, and why somebody looks at it or writes to it from a command line; the reason is recorded. */
export interface LedgerOptions {
  readonly policy: Policy
  readonly connection: Connection
  readonly tenant: string
  readonly reason: string
}

/**
 * Runs `work` with a connection of the migrator's login to a database that has a consent ledger.
 *
 * @throws WK002 there is no ledger here, in the database or in the policy file · WK005 · WK009
 */
export async function withLedger<T>(
  { policy, connection }: Pick<LedgerOptions, "policy" | "connection">,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withInstalled(connection, async (client) => {
    if (policy.consent !== null && (await extensionsOf(client)).includes(consent)) return await work(client)
    throw new WardkeepError("WK002", {
      message: "this database has no consent ledger",
      hint: "Write `consent` into the policy file, run `wardkeep migrate --consent` as the administrator, then `wardkeep apply`.",
    })
  })
}

/**
 * The same in a recorded context of the owner for one clinic, with all of its branches: what is written says so.
 *
 * @throws WK002 · WK307 no such clinic, or no reason · WK005 · WK009
 */
export async function inLedger<T>(options: LedgerOptions, work: (q: Queryable) => Promise<T>): Promise<T> {
  const { policy, tenant, reason } = options
  return await withLedger(options, (client) => inTenant(client, policy, tenant, reason, work))
}
