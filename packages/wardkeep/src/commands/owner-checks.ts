import { type Finding, type Policy, WardkeepError } from "@wardkeep/core"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"

/** Runs `work` as the owner; null when it ran, else why it could not. */
export async function asOwnerIfAllowed(
  client: pg.Client,
  policy: Policy,
  work: () => Promise<void>,
): Promise<string | null> {
  try {
    await asOwner(client, policy, work)
    return null
  } catch (error) {
    if (error instanceof WardkeepError && error.code === "WK307") return `${error.message}; use the migrator's login`
    throw error
  }
}

export function notApplied(steps: number): Finding {
  return {
    check: "policy-not-applied",
    severity: "leak",
    object: "policy file",
    message: `${steps} steps of the policy file are not in the database`,
    fix: "wardkeep plan, then wardkeep apply",
  }
}
