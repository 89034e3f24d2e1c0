/** What a check says. Zero probes is never a pass: that is `INCONCLUSIVE`. */
export type Verdict = "LEAK" | "NOT_FOUND" | "INCONCLUSIVE" | "NOT_APPLICABLE"

/** `leak`: rows of another branch can be reached. `oracle`: their existence can. `hygiene`: a wall is thinner than it should be. */
export type Severity = "leak" | "oracle" | "hygiene" | "not-covered"

/** The one result shape of plan, drift, doctor and the conformance suite. */
export interface Finding {
  /** A stable name, such as `scope-column-nullable`. */
  readonly check: string
  readonly severity: Severity
  /** `schema.table`, `schema.table.column`, a role or the database. */
  readonly object: string
  /** One plain sentence; never a row value. */
  readonly message: string
  /** What to do next, SQL where possible. */
  readonly fix?: string
}

const order: readonly Severity[] = ["leak", "oracle", "hygiene", "not-covered"]

/** Worst first, then by object and check, so that two runs print the same. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      order.indexOf(a.severity) - order.indexOf(b.severity) || compare(a.object, b.object) || compare(a.check, b.check),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
