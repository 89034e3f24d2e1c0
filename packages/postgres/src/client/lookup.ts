import { type Policy, quoteIdent, WardkeepError } from "@wardkeep/core"
import type { Runtime } from "./runtime.js"

/** One of the policy's look-ups, on the bare login: the function itself decides and records. */
export async function lookup<R>(runtime: Runtime, policy: Policy, name: string, value: string): Promise<R[]> {
  if (!policy.lookups.some((known) => known.name === name))
    throw new WardkeepError("WK002", { message: "the policy has no such look-up" })
  return (await runtime.bare<R>(`select * from wardkeep_lookup.${quoteIdent(name)}($1)`, [value])).rows
}
