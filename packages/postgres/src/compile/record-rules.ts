import { canonicalJson, type Json, type Policy, quoteLiteral, roleNames } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { aggregatesRow } from "./aggregates.js"
import { crossingsRow, type JsonObject } from "./crossings.js"
import { issuingStopped, type Recorded, type TokenLoss } from "./open-sessions.js"

interface RuleRow {
  readonly assignments: string
  readonly exclusive: readonly (readonly [string, string])[]
  readonly break_glass: BreakGlassRow | null
  readonly crossings: JsonObject | null
  readonly support: SupportRow | null
  readonly aggregates: JsonObject | null
  /** The column of the host's table that names a branch. */
  readonly branch_key: string
}

type BreakGlassRow = {
  readonly role: string
  readonly from: readonly string[]
  readonly longest: number
  readonly reasons: readonly string[]
  readonly reviewedBy: readonly string[]
}

type SupportRow = {
  readonly role: string
  readonly allowedBy: readonly string[]
  readonly longest: number
  readonly breakGlass: readonly string[]
}

/** What the policy file says about all roles together, as the functions read it. */
export async function recordRules(client: Queryable, policy: Policy, branchKey: string): Promise<Recorded> {
  const { rows } = await client.query<RuleRow>(
    "select assignments, exclusive, break_glass, crossings, support, aggregates, branch_key from wardkeep.policy_rule",
  )
  const wanted: RuleRow = {
    assignments: policy.assignments,
    exclusive: policy.exclusive,
    break_glass: breakGlassRow(policy),
    crossings: crossingsRow(policy),
    support: supportRow(policy),
    aggregates: aggregatesRow(policy),
    branch_key: branchKey,
  }
  if (rows[0] !== undefined && text(rows[0]) === text(wanted)) return { steps: [], lost: [] }
  const json = (value: Json | null): string => (value === null ? "null" : quoteLiteral(canonicalJson(value)))
  const sql = `${issuingStopped};
insert into wardkeep.policy_rule (assignments, exclusive, break_glass, crossings, support, aggregates, branch_key)
  values (${quoteLiteral(wanted.assignments)}, ${quoteLiteral(canonicalJson(wanted.exclusive))}, ${json(wanted.break_glass)}, ${json(wanted.crossings)}, ${json(wanted.support)}, ${json(wanted.aggregates)}, ${quoteLiteral(branchKey)})
  on conflict (only_row) do update set assignments = excluded.assignments, exclusive = excluded.exclusive,
    break_glass = excluded.break_glass, crossings = excluded.crossings, support = excluded.support, aggregates = excluded.aggregates, branch_key = excluded.branch_key`
  const why = "who may hold what together, what may cross, and how emergencies and support work"
  return {
    steps: [{ phase: "record", object: "rules for all roles", why, sql }],
    lost: lostBy(policy, rows[0], branchKey),
  }
}

function lostBy(policy: Policy, before: RuleRow | undefined, branchKey: string): TokenLoss[] {
  if (before !== undefined && before.branch_key !== branchKey) return [{ of: "true" }]
  // Opened under other rules; whoever still may opens it again, under these.
  const lost = [{ of: "coalesce(t.break_glass, t.referral, t.support) is not null" }]
  // From now on they are opened for an emergency, a referral or support only.
  for (const opened of [policy.breakGlass?.role, policy.crossings?.referral?.role, policy.support?.role])
    if (opened !== undefined) lost.push({ of: `t.db_role = ${quoteLiteral(roleNames(policy).role(opened))}` })
  if (policy.assignments === "required" && before?.assignments !== "required")
    lost.push({
      of: "not t.assigned and exists (select from wardkeep.session s where s.id = t.session_id and s.kind = 'person')",
    })
  return lost
}

function breakGlassRow({ breakGlass }: Policy): BreakGlassRow | null {
  if (breakGlass === null) return null
  const { role, from, longestSeconds, reasons, reviewedBy } = breakGlass
  return { role, from, longest: longestSeconds, reasons, reviewedBy }
}

function supportRow({ support }: Policy): SupportRow | null {
  if (support === null) return null
  const { role, allowedBy, longestSeconds, breakGlass } = support
  return { role, allowedBy, longest: longestSeconds, breakGlass }
}

function text({ assignments, exclusive, break_glass, crossings, support, aggregates, branch_key }: RuleRow): string {
  return canonicalJson({ assignments, exclusive, break_glass, crossings, support, aggregates, branch_key })
}
