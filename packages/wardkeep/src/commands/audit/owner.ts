import { audit } from "@wardkeep/audit"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import { extensionsOf } from "../../connection/extensions.js"
import { type Connection, withOwner } from "../../connection/owner.js"

/**
 * Runs `work` as the owner of a database that has an audit log.
 *
 * @throws WK002 there is no audit log here · WK307 · WK005 · WK009
 */
export async function withAuditLog<T>(
  connection: Connection,
  policy: Policy,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withOwner(connection, policy, async (client) => {
    if (!(await extensionsOf(client)).includes(audit)) {
      throw new WardkeepError("WK002", {
        message: "this database has no audit log",
        hint: "Run `wardkeep migrate --audit` as the administrator, then `wardkeep apply`.",
      })
    }
    return await work(client)
  })
}
