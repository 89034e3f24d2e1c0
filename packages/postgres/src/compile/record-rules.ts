import { canonicalJson, type Policy, quoteLiteral } from "@wardkeep/core"
import type { Queryable } from "../maintenance/queryable.js"
import { issuingStopped } from "./record.js"
import type { Step } from "./step.js"

interface RuleRow {
  readonly assignments: string
  readonly exclusive: readonly (readonly [string, string])[]
  readonly break_glass: BreakGlassRow | null
}

type BreakGlassRow = {
  readonly role: string
  readonly from: readonly string[]
  readonly longest: number
  readonly reasons: readonly string[]
  readonly reviewedBy: readonly string[]
}

/** What the policy file says about all roles together, as the functions read it. */
export async function ruleRecordSteps(client: Queryable, policy: Policy): Promise<Step[]> {
  const { rows } = await client.query<RuleRow>("select assignments, exclusive, break_glass from wardkeep.policy_rule")
  const wanted: RuleRow = {
    assignments: policy.assignments,
    exclusive: policy.exclusive,
    break_glass: breakGlassRow(policy),
  }
  if (rows[0] !== undefined && text(rows[0]) === text(wanted)) return []
  const breakGlass = wanted.break_glass === null ? "null" : quoteLiteral(canonicalJson(wanted.break_glass))
  const statements = [
    issuingStopped,
    `insert into wardkeep.policy_rule (assignments, exclusive, break_glass)
  values (${quoteLiteral(wanted.assignments)}, ${quoteLiteral(canonicalJson(wanted.exclusive))}, ${breakGlass})
  on conflict (only_row) do update set assignments = excluded.assignments, exclusive = excluded.exclusive, break_glass = excluded.break_glass`,
    // What was issued under other rules ends with them.
    "delete from wardkeep.token where break_glass is not null",
  ]
  if (policy.assignments === "required" && rows[0]?.assignments !== "required")
    statements.push(
      "delete from wardkeep.token t using wardkeep.session s where s.id = t.session_id and s.kind = 'person' and not t.assigned",
    )
  const why = "who may hold what together, and how emergencies work"
  return [{ phase: "record", object: "rules for all roles", why, sql: statements.join(";\n") }]
}

function breakGlassRow({ breakGlass }: Policy): BreakGlassRow | null {
  if (breakGlass === null) return null
  const { role, from, longestSeconds, reasons, reviewedBy } = breakGlass
  return { role, from, longest: longestSeconds, reasons, reviewedBy }
}

function text({ assignments, exclusive, break_glass }: RuleRow): string {
  return canonicalJson({ assignments, exclusive, break_glass })
}
