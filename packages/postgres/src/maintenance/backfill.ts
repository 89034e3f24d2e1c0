import type { Policy } from "@wardkeep/core"
import { inTransaction } from "../database/in-transaction.js"
import type { Queryable } from "../database/queryable.js"
import { asOwner } from "./owner.js"
import { closeOwnerContext, enterOwnerContext, openOwnerContext } from "./owner-context.js"
import { dataStatements } from "./statements.js"
import { refuseUnseenRows } from "./unseen-rows.js"

export interface BackfillOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  readonly reason: string
  /** Which tenants; all of them when left out. */
  readonly tenants?: readonly string[]
  /** Milliseconds to wait for tables that must be counted first, having no foreign key to the branch. Default 5000. */
  readonly lockTimeout?: number
}

export interface BackfillResult<T> {
  readonly done: readonly { readonly tenant: string; readonly result: T }[]
}

/**
 * Changes data tenant by tenant, each in a transaction of its own under a recorded service context. The work runs under no
 * exclusive lock. The fence holds: it sees exactly one tenant at a time. Rows that no context would show, because their
 * branch or tenant is not known, are looked for first: tables without a foreign key that leads to the branch are counted,
 * and locked exclusively for that long.
 *
 * @throws WK307 no reason, or rows that no context shows, with their number by table; nothing was changed then · the work's
 *   own error: earlier tenants are kept, this one is not
 * @example
 * await backfill({ client, policy, reason: "normalise phones" }, (q) =>
 *   q.query("update patient set phone = replace(phone, ' ', '')"))
 */
export async function backfill<T>(
  options: BackfillOptions,
  work: (q: Queryable, tenant: string) => Promise<T>,
): Promise<BackfillResult<T>> {
  const { client, policy, lockTimeout = 5000 } = options
  const looking = { client, policy, tenants: options.tenants, lockTimeout }
  await asOwner(client, policy, () => inTransaction(client, () => refuseUnseenRows(looking)))
  const tenants = options.tenants ?? (await knownTenants(client, policy))
  const done: { tenant: string; result: T }[] = []
  for (const tenant of tenants)
    done.push({ tenant, result: await inTenant(client, policy, tenant, options.reason, work) })
  return { done }
}

/**
 * One transaction of the owner in a recorded context of one tenant, for statements that read and write rows. Unlike
 * {@link backfill} it does not look for rows that no context shows.
 *
 * @throws WK307 no reason, no such tenant, the login may not take the owner's role, or a statement of another kind
 * @example
 * await inTenant(client, policy, clinic, "how many patients", (q) => q.query("select count(*) from patient"))
 */
export async function inTenant<T>(
  client: Queryable,
  policy: Policy,
  tenant: string,
  reason: string,
  work: (q: Queryable, tenant: string) => Promise<T>,
): Promise<T> {
  const entered = async (): Promise<T> => {
    const token = await openOwnerContext(client, tenant, reason)
    await enterOwnerContext(client, token)
    const result = await work(dataStatements(client), tenant)
    await closeOwnerContext(client, token)
    return result
  }
  return await asOwner(client, policy, () => inTransaction(client, entered))
}

async function knownTenants(client: Queryable, policy: Policy): Promise<string[]> {
  return await asOwner(client, policy, async () => {
    const { rows } = await client.query<{ tenant: string }>(
      "select list_tenants as tenant from wardkeep.list_tenants()",
    )
    return rows.map((row) => row.tenant)
  })
}
