/** What one run found. The shape is a contract: JSON reports are compared by baselines and read by other programs. */
export interface Report {
  readonly tool: { readonly name: "wardkeep"; readonly version: string }
  readonly mode: "catalog" | "probe" | "drill" | "http"
  /** LEAK if any finding is, accepted or not; INCONCLUSIVE if nothing leaked and something that had to be tried could not be. */
  readonly verdict: "LEAK" | "NOT_FOUND" | "INCONCLUSIVE"
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly seconds: number
  /** Of the server, such as `18.4`; of an HTTP run, its origin. */
  readonly server: string
  /** Attempts that reached the target and were answered. Zero is never a pass. */
  readonly probes: number
  readonly checks: readonly CheckResult[]
  readonly findings: readonly ReportFinding[]
  /** What was not looked at, one plain sentence each. */
  readonly notCovered: readonly string[]
  /** How good this run's own checks are on this database: drill mode only. */
  readonly killRate?: KillRate
  /** Set by `applyBaseline`. */
  readonly baseline?: BaselineResult
}

/** The target's own protections were broken one at a time on a clone, and the suite had to notice each. */
export interface KillRate {
  /** How many were applied. */
  readonly mutations: number
  /** A finding appeared that was not there before. */
  readonly killed: number
  /** Changed nothing that could be seen, because another protection held: there was nothing to notice. */
  readonly withoutEffect: number
  /** Something could be seen and no check noticed, one line each. */
  readonly survivors: readonly string[]
}

/** What one check did, found or not. */
export interface CheckResult {
  /** `WKC` and three digits. */
  readonly check: string
  readonly title: string
  readonly verdict: "LEAK" | "NOT_FOUND" | "INCONCLUSIVE" | "NOT_APPLICABLE"
  readonly probes: number
  /** Positive controls that showed that a probe could have found something. */
  readonly controls: number
  /** Why it is inconclusive or not applicable, and what to grant. */
  readonly reason?: string
}

export interface ReportFinding {
  readonly check: string
  readonly verdict: "LEAK" | "INCONCLUSIVE"
  /** `leak`: rows of another tenant can be reached or changed. `oracle`: their existence can. `hygiene`: a wall is thinner than it should be. */
  readonly severity: "leak" | "oracle" | "hygiene"
  /** `schema.name`, `schema.table.column`, a role, a route or the database. */
  readonly object: string
  /** One plain sentence that the owner of a clinic understands. */
  readonly message: string
  /** Canary, column and hash only; row values of real people never enter a report. */
  readonly evidence: string
  /** SQL, or a curl line, that anyone can run with the application's login and that shows the finding. */
  readonly replay: string
  /** What to do, SQL where possible. */
  readonly fix: string
  /** Such as `CWE-639`. */
  readonly cwe: string
  /** CVSS 3.1 vector. */
  readonly cvss: string
  /** A named person's decision to live with it, until a day. It stays in the report and does not count for the exit code. */
  readonly accepted?: Acceptance
}

export interface Acceptance {
  readonly reason: string
  /** `YYYY-MM-DD`, the last day on which it counts, in UTC. */
  readonly expires: string
}

export interface BaselineResult {
  /** How many findings were accepted. */
  readonly accepted: number
  /** Entries that accept nothing. Each is a finding about the baseline, and fails the run until it is removed or renewed. */
  readonly problems: readonly BaselineProblem[]
}

export interface BaselineProblem {
  readonly check: string
  readonly object: string
  /** `expired`: its last day is over. `unmatched`: its check ran and did not find it. `unknown-check`: no such check. */
  readonly problem: "expired" | "unmatched" | "unknown-check"
  readonly expires: string
}
