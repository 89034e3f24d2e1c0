import type { Policy } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { openSessionSteps } from "./open-sessions.js"
import { recordActors } from "./record-actors.js"
import { recordPurposes } from "./record-purposes.js"
import { recordRules } from "./record-rules.js"
import type { Step } from "./step.js"

/** The policy as the functions of the database read it, and what that takes from sessions that are open. */
export async function recordSteps(client: Queryable, policy: Policy, branchKey: string): Promise<Step[]> {
  const parts = [await recordActors(client, policy), await recordRules(client, policy, branchKey)]
  const purposes = await recordPurposes(client, policy)
  return [...purposes, ...parts.flatMap(({ steps }) => steps), ...openSessionSteps(parts.flatMap(({ lost }) => lost))]
}
