import type { Policy } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { asOwner } from "./owner.js"

export interface BranchGroupOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  readonly tenant: string
  /** As assignments name it: `branches: { group: "south" }`. */
  readonly name: string
  /** All members; what was there before is replaced. */
  readonly branches: readonly string[]
}

/**
 * Says which branches of a tenant a group has. Sessions issued for the group follow with their next statement.
 *
 * @throws WK202 a branch that the tenant does not have · WK307 the login may not take the owner's role
 * @example await setBranchGroup({ client, policy, tenant, name: "south", branches: [velachery, adyar] })
 */
export async function setBranchGroup(options: BranchGroupOptions): Promise<void> {
  const { client, policy, tenant, name, branches } = options
  await asOwner(client, policy, async () => {
    await client.query("select wardkeep.set_branch_group($1, $2, $3)", [tenant, name, branches])
  })
}
