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
  | "DROPPED"
  | "REBASED"
  | "GAP_OF_CAPTURE"

export interface Verdict {
  readonly name: VerdictName
  /** The log it concerns. */
  readonly origin: string
  /** What and where; never the content of an event. */
  readonly message: string
  /** How many events, for UNSEALED and DROPPED; for REBASED how many leaves were lost. */
  readonly count?: number
}

export interface VerifiedLog {
  readonly origin: string
  /** Leaves. */
  readonly size: number
  /** Leaves of which only the hash was shown. */
  readonly withheld: number
  /** Events in which commitments stand in the place of what was about a person, as an erasure leaves them; nobody signed that there was one. */
  readonly erased: number
  /** Events of months that were dropped after their retention, as sealed acts in the log say. */
  readonly dropped: number
}

export interface Verification {
  /** In the order found; empty, or UNSEALED, DROPPED and REBASED only, when nothing is wrong. */
  readonly verdicts: readonly Verdict[]
  readonly logs: readonly VerifiedLog[]
  /** False: no checkpoint from outside was compared, so the log is self-attested only. */
  readonly anchored: boolean
  readonly ok: boolean
}

const told: ReadonlySet<VerdictName> = new Set(["UNSEALED", "DROPPED", "REBASED"])

/** Whether it says that something is wrong: what waits for the sealer, and what a sealed act says was done, is told and is none. */
export const isFault = ({ name }: Verdict): boolean => !told.has(name)

/**
 * What was found as one answer.
 *
 * @example verification([...found.verdicts, ...ofWitnesses], found.logs, true)
 */
export function verification(
  verdicts: readonly Verdict[],
  logs: Verification["logs"],
  anchored: boolean,
): Verification {
  return { verdicts, logs, anchored, ok: !verdicts.some(isFault) }
}
