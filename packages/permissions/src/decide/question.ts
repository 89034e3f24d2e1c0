import type { Row } from "../condition/context.js"

/** What somebody wants to do. Names are texts, because they may come from outside; unknown ones are denied. */
export interface Question {
  readonly action: string
  /** `table` or `schema.table`. */
  readonly table: string
  /** The columns it is about. Without them: whether there is any. */
  readonly columns?: readonly string[]
  /** The row as it is; for `create` the new one. Needed where a condition stands. */
  readonly row?: Row
  /** For `update`: the row as it will be. Without it the changed row is left to the database. */
  readonly after?: Row
  /**
   * Whether the consent ledger lets the purpose of the context reach the person of the row: what `consentAt` says for that
   * purpose, not objected or granted. Asked where the purpose waits for a person; without it such a row is denied.
   */
  readonly consent?: boolean
}

/** Why a question was denied; `granted` when it was not. */
export type Reason =
  | "granted"
  | "unknown-action"
  | "unknown-role"
  | "unknown-table"
  | "no-cell"
  | "column-hidden"
  | "other-purpose"
  | "second-factor"
  | "no-consent"
  | "other-scope"
  | "other-subject"
  | "no-row"
  | "condition"
  | "changed-row"

/** One thing that was asked on the way to a decision. */
export interface Layer {
  readonly layer:
    | "matrix cell"
    | "column grant"
    | "purpose"
    | "second factor"
    | "consent"
    | "fence"
    | "break-glass"
    | "policy predicate"
    | "changed row"
  /** The place in the policy file, or null when it comes from elsewhere. */
  readonly rule: string | null
  readonly holds: boolean
  /** What was asked, in words; never a value of the row. */
  readonly text: string
  /** Why it does not hold. */
  readonly reason: Exclude<Reason, "granted"> | null
  /** The second factor must not be older than so many seconds. */
  readonly mfaSeconds?: number
  /** The parts of a condition, each with its own answer. */
  readonly conjuncts?: readonly { readonly text: string; readonly holds: boolean }[]
}
