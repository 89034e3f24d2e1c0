import { WardkeepError } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"

/** Records a service context of the owner for one tenant, and returns its token. It is not in force yet. */
export async function openOwnerContext(client: Queryable, tenant: string, reason: string): Promise<string> {
  if (reason.trim() === "") throw new WardkeepError("WK307", { message: "a backfill needs a reason" })
  const { rows } = await client.query<{ token: string }>("select wardkeep.open_backfill($1, $2) as token", [
    tenant,
    reason,
  ])
  const token = rows[0]?.token
  if (token === undefined) throw new WardkeepError("WK901")
  return token
}

/**
 * Puts a context of the owner in force for the rest of the transaction, under either strategy; null takes it away again,
 * for tables that belong to no tenant. With the owner's role only: it owns `wardkeep.enter`, which is granted to nobody
 * but the application's login.
 */
export async function enterOwnerContext(client: Queryable, token: string | null): Promise<void> {
  // A branch that somebody left on the session would narrow the work to a part of the tenant, and call it a success.
  const { rows } = await client.query<{ strategy: string }>(
    `select wardkeep.strategy() as strategy, set_config('row_security', 'on', true),
            set_config('wardkeep.branch', '', true), set_config('wardkeep.token', $1, true)`,
    [token ?? ""],
  )
  if (rows[0]?.strategy !== "accelerated") return
  if (token === null) await client.query("select set_config('backtrace_functions', '', true)")
  else await client.query("select wardkeep.enter($1, '')", [token])
}

/**
 * Ends it where the work ends, in the same transaction: a rollback leaves nothing of it, and a commit no token that is good
 * for anything. What is deferred still belongs to the work, and runs before.
 */
export async function closeOwnerContext(client: Queryable, token: string): Promise<void> {
  await client.query("set constraints all immediate")
  await client.query("select wardkeep.close_backfill($1)", [token])
}
