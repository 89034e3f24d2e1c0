/** Who decided. `guardian`: of a person with disability; `child_guardian`: of a child, in the place of a parent. */
export type Giver = "subject" | "parent" | "child_guardian" | "guardian" | "nominee"

/** What can be said about a purpose that waits for consent, and about one that an objection stops. */
export type DecisionKind =
  | "requested"
  | "granted"
  | "refused"
  | "withdrawn"
  | "renewed"
  | "expired"
  | "objected"
  | "objection_lifted"

export type Decision = DecisionKind | { readonly kind: "granted" | "renewed"; readonly until: Date }

/** One act, as the ledger holds it. */
export interface ConsentEvent {
  readonly id: string
  /** ISO 8601, UTC, with microseconds: no two events about one person are at one instant. */
  readonly at: string
  /** `moved_away` and `moved_here`: the person went to another branch, and what was said before went along. */
  readonly kind:
    | DecisionKind
    | "served"
    | "represented"
    | "representation_ended"
    | "emergency"
    | "undelivered"
    | "moved_away"
    | "moved_here"
  readonly purpose: string | null
  readonly notice: string | null
  readonly language: string | null
  readonly by: Giver | null
  readonly representation: string | null
  readonly channel: string | null
  readonly method: string | null
  readonly evidence: string | null
  readonly evidence_sha256: string | null
  readonly valid_until: Date | null
  readonly detail: Readonly<Record<string, unknown>>
  /** The member of staff, or the person in a confined context. */
  readonly actor: string
  readonly role: string
  /** The purpose of the context in which it was recorded. */
  readonly acting_for: string
  /** The day of birth as it is known now, `YYYY-MM-DD`. */
  readonly born: string | null
}
