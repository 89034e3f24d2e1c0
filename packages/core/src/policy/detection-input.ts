/** Which accesses it explains; without any of them, every one. */
export interface ExplainsOnly<
  Table extends string = string,
  Purpose extends string = string,
  Role extends string = string,
> {
  readonly roles?: readonly Role[]
  readonly purposes?: readonly Purpose[]
  /** The tables whose rows were seen. */
  readonly tables?: readonly Table[]
}

/** Why somebody had to see a person's rows: a closed list of forms, each of which one sentence can state. */
export type ExplanationInput<
  Table extends string = string,
  Purpose extends string = string,
  Role extends string = string,
> = ExplainsOnly<Table, Purpose, Role> &
  (
    | {
        /** A table of the scope `branch`: a row of the same person in the same branch explains the access. */
        readonly row: Table
        /** Its column with the moment: a timestamp, or a date, which is the whole day. */
        readonly at: string
        /** From how long before that moment; an ISO 8601 duration, default none. */
        readonly before?: string
        /** Until how long after it. */
        readonly after?: string
        /** Its column with who it was for: the access must be theirs. */
        readonly actor?: string
      }
    /** A table of the scope `branch` with who was on duty, from when until when. Needs roles, purposes or tables. */
    | { readonly duty: Table; readonly actor: string; readonly from: string; readonly until: string }
    /** The actor was assigned the role in the branch at that moment. Needs roles, purposes or tables. */
    | { readonly assigned: true }
    /** Seen in the context of a referral that was open, or by who referred the person. */
    | { readonly referral: "open" }
    /** Seen in an emergency that a review found justified. */
    | { readonly emergency: "justified" }
  )

/** Which accesses are explained, who reviews the others, and from where on an alert is raised. */
export interface DetectionInput<
  Table extends string = string,
  Purpose extends string = string,
  Role extends string = string,
> {
  /** The roles that read the queue and record what came of it; nobody decides about their own access. */
  readonly reviewedBy: readonly Role[]
  readonly explanations: Readonly<Record<string, ExplanationInput<Table, Purpose, Role>>>
  /** Whose days and hours are meant; default `UTC`. */
  readonly zone?: string
  /** Opening hours, as `HH:MM`; `until` before `from` goes over midnight. */
  readonly hours?: { readonly from: string; readonly until: string }
  /** Where a person's number stands, such as a chart number: a walk is in the order of these, else of the subjects. */
  readonly numbers?: { readonly table: Table; readonly column: string }
  /** How many days of one person a role's measure rests on at least; default 30. */
  readonly volume?: { readonly least: number }
  /** So many persons in ascending order within a duration; default 8 within `PT10M`. */
  readonly walk?: { readonly persons: number; readonly within: string }
  /** So many refusals within a duration; default 20 within `PT1H`. */
  readonly refusals?: { readonly n: number; readonly within: string }
  /** How long an emergency may wait for its review; default `PT72H`. */
  readonly reviewWithin?: string
}
