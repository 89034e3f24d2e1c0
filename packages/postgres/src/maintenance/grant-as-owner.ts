import type { Policy } from "@wardkeep/core"
import { type AssignmentGrant, grantValues } from "../assign/assignments.js"
import type { Queryable } from "../database/queryable.js"
import { asOwner } from "./owner.js"

export interface OwnerGrantOptions extends AssignmentGrant {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  readonly tenant: string
}

/**
 * The first assignments of a tenant, which nobody could grant: for whoever installs, on the migrator's login, recorded.
 *
 * @returns the assignment's id
 * @throws WK206 excluded by another role, overlapping, or without an end that it needs · WK202 unknown branch · WK307
 * @example await grantAsOwner({ client, policy, tenant, actor: "asha", role: "owner", scope: "all", reason: "founder" })
 */
export async function grantAsOwner({ client, policy, tenant, ...grant }: OwnerGrantOptions): Promise<string> {
  return await asOwner(client, policy, async () => {
    const { rows } = await client.query<{ id: string }>(
      "select wardkeep.assign_as_owner($1, $2, $3, $4, $5, $6, $7, $8) as id",
      [grant.actor, tenant, ...grantValues(grant)],
    )
    return rows[0]?.id ?? ""
  })
}
