import type { Step } from "./step.js"

/** What open sessions have and a new one would not get; `of` and `until` are SQL about a token `t`. */
export interface TokenLoss {
  readonly of: string
  /** When they lose it; at once where this is missing. */
  readonly until?: string
}

/** Steps that write one part of the policy into our tables, and what that takes from sessions that are open. */
export interface Recorded {
  readonly steps: readonly Step[]
  readonly lost: readonly TokenLoss[]
}

/** Leads every step that changes what may be issued: no session of the rules before comes behind their end. */
export const issuingStopped = "select wardkeep.policy_alone()"

/**
 * One step for all parts of the policy: tokens are locked by their digest (195_turns.sql), and two steps of which each keeps
 * to that order do not keep to it together.
 */
export function openSessionSteps(lost: readonly TokenLoss[]): Step[] {
  if (lost.length === 0) return []
  const ended = lost.filter(({ until }) => until === undefined)
  const statements = [
    issuingStopped,
    `select from wardkeep.token t where ${any(lost)} order by t.digest for update`,
    ...(ended.length === 0 ? [] : [`delete from wardkeep.token t where ${any(ended)}`]),
    ...lost.flatMap(({ of, until }) =>
      until === undefined
        ? []
        : [`update wardkeep.token t set valid_until = least(t.valid_until, ${until}) where ${of}`],
    ),
  ]
  const why = "lose what they would not be issued any more"
  return [{ phase: "record", object: "open sessions", why, sql: statements.join(";\n") }]
}

function any(lost: readonly TokenLoss[]): string {
  return lost.map(({ of }) => `(${of})`).join("\n  or ")
}
