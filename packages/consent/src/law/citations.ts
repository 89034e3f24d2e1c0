import type { ForbiddenCitation, Obligation, RetentionRule } from "./schema.js"

/** Rules that cite what the law does not say, each with the reason; empty when none does. */
export function citationFaults(
  rules: readonly (Obligation | RetentionRule)[],
  forbidden: readonly ForbiddenCitation[],
): string[] {
  return rules.flatMap((rule) =>
    forbidden
      .filter((citation) => fits(citation, rule))
      .map(({ id, why }) => `${rule.id}: forbidden citation ${id}: ${why}`),
  )
}

function fits(citation: ForbiddenCitation, rule: Obligation | RetentionRule): boolean {
  const duty = "duty" in rule ? rule.duty : rule.record
  const binds = "binds" in rule ? rule.binds : (["fiduciary"] as const)
  return (
    citation.instrument === rule.instrument &&
    matches(citation.clause, rule.clause) &&
    matches(citation.duty, duty) &&
    (citation.binds === undefined || binds.some((party) => party === citation.binds)) &&
    (citation.hasPeriod === undefined || (rule.period ?? null) !== null) &&
    (citation.isEnacted === undefined || rule.force.status === "enacted")
  )
}

const matches = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || new RegExp(pattern, "i").test(text)
