import type { Session } from "../context/session.js"

/** What an actor may do where, until when; from the host's own tables. */
export interface Assignment {
  readonly tenant: string
  /** A list, all of the tenant's, or a group of branches by name. */
  readonly branches: readonly string[] | "all" | { readonly group: string }
  readonly role: string
  /** Default: every purpose the policy gives the role. */
  readonly purposes?: readonly string[]
  readonly validFrom?: Date | string
  readonly validUntil?: Date | string
  /** For a confined role, and for no other: whom it reaches. */
  readonly subjects?: readonly string[]
}

export interface SessionRequest {
  /** The host's id of the person; it stands in the audit log. */
  readonly actor: string
  /**
   * Where the policy says `assignments: 'required'` they can be left out: the database knows them. Named ones must be
   * assigned; they narrow.
   */
  readonly assignments?: readonly Assignment[]
  /** When the second factor was given. */
  readonly mfaAt?: Date | string
  /** Seconds or an ISO 8601 duration, at most 24 hours. */
  readonly ttl: number | string
  /** Shown in the list of open sessions, such as the browser. */
  readonly label?: string
}

export interface ServiceRequest {
  readonly service: string
  readonly tenant: string
  readonly branches?: Assignment["branches"]
  readonly ttl?: number | string
  readonly label?: string
}

export interface ReopenRequest {
  readonly sessionId: string
  readonly tenant: string
  readonly role: string
  readonly purpose: string
  /** Whom the job names: the database compares it with the session's own actor. */
  readonly actor: string
}

export interface BreakGlassRequest {
  /** What {@link declareBreakGlass} returned. */
  readonly id: string
  /** The session that declared it, or another one of the same actor. */
  readonly session: Pick<Session, "id" | "actor">
}

/** A support session that no clinic allowed. */
export interface SupportDeclaration {
  /** The named person of the vendor. */
  readonly actor: string
  readonly tenant: string
  /** One branch; without it every branch of the tenant. */
  readonly branch?: string
  /** A code of the policy file's `support.breakGlass`. */
  readonly code: string
  readonly reason: string
  readonly minutes: number
}

/** One month of figures of the policy file. */
export interface AggregateRelease {
  readonly aggregate: string
  /** Its first day: `2026-10-01`. */
  readonly month: string
  /** Who releases it: it is an event of each clinic that is in it. */
  readonly by: string
}

export interface SupportRequest {
  /** What {@link allowSupport} or `declareSupport` returned. */
  readonly id: string
  /** Whom your own login has proven to be the person that is named there. */
  readonly actor: string
  readonly mfaAt?: Date | string
}

export interface ReferralRequest {
  /** What {@link referPatient} returned. */
  readonly id: string
  /** A session of whoever opens it, with a role that may in the branch it goes to. */
  readonly session: Pick<Session, "id" | "actor">
}

export interface OffboardRequest {
  readonly actor: string
  /** Who asks for it; recorded. */
  readonly by: string
  readonly reason: string
}

export interface OpenSession {
  readonly id: string
  readonly kind: "person" | "service" | "backfill"
  readonly label: string | null
  readonly createdAt: string
  readonly validUntil: string
}
