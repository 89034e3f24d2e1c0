import type { Policy } from "@wardkeep/core"
import { emit, plan as makePlan, type Plan } from "@wardkeep/postgres/migrate"
import { extensionsOf } from "../connection/extensions.js"
import { type Connection, withOwner } from "../connection/owner.js"

export interface PlanOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** False leaves `begin` and `commit` out of the SQL. Default true. */
  readonly transaction?: boolean
  /** Facts of findings `drift-not-corrected` that are right as they are. */
  readonly accept?: readonly string[]
}

export interface PlanResult {
  readonly plan: Plan
  /** The plan as SQL that a host's own migration tool can run. */
  readonly sql: string
}

/**
 * Compares the database with the policy file and changes nothing.
 *
 * @throws WK001 · WK002 · WK005 · WK007 · WK008 · WK009 `accept` names what is not open · WK303 · WK307
 * @example const { sql } = await plan({ policy, connection: { env: process.env } })
 */
export async function plan({ policy, connection, transaction = true, accept = [] }: PlanOptions): Promise<PlanResult> {
  return await withOwner(connection, policy, async (client) => {
    const made = await makePlan({ client, policy, extensions: await extensionsOf(client), accept })
    return { plan: made, sql: emit(made, { transaction }) }
  })
}
