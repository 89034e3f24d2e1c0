/** What verification found. Never just "broken": each name says what happened to the log. */
export type VerdictName =
  | "EDITED"
  | "DELETED"
  | "INSERTED"
  | "REORDERED"
  | "TRUNCATED"
  | "ROLLED_BACK"
  | "SPLIT_VIEW"
  | "KEY_UNKNOWN"
  | "UNSEALED"
  | "GAP_OF_CAPTURE"

export interface Verdict {
  readonly name: VerdictName
  /** The log it concerns. */
  readonly origin: string
  /** What and where; never the content of an event. */
  readonly message: string
  /** How many events, for UNSEALED. */
  readonly count?: number
}

export interface VerifiedLog {
  readonly origin: string
  /** Leaves. */
  readonly size: number
  /** Leaves of which only the hash was shown. */
  readonly withheld: number
  /** Events in which commitments stand in the place of what was about a person. */
  readonly erased: number
}

export interface Verification {
  /** In the order found; empty or UNSEALED only when nothing is wrong. */
  readonly verdicts: readonly Verdict[]
  readonly logs: readonly VerifiedLog[]
  /** False: no checkpoint from outside was compared, so the log is self-attested only. */
  readonly anchored: boolean
  readonly ok: boolean
}

export function verification(
  verdicts: readonly Verdict[],
  logs: Verification["logs"],
  anchored: boolean,
): Verification {
  return { verdicts, logs, anchored, ok: verdicts.every((verdict) => verdict.name === "UNSEALED") }
}
