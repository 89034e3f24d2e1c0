/**
 * The client: sessions become contexts, contexts become units, and PostgreSQL decides what each of them sees.
 *
 * @module
 */
export {
  type AggregateAgreement,
  type AggregateContribution,
  agreeToAggregate,
  contributeToAggregate,
  listAggregateAgreements,
  listAggregateContributions,
  withdrawFromAggregate,
} from "../assign/aggregates.js"
export {
  type AssignmentGrant,
  type AssignmentScope,
  grantAssignment,
  type InContext,
  liftNarrowing,
  listAssignments,
  narrowRole,
  type RecordedAssignment,
  revokeAssignments,
  type Taken,
  takenFromRole,
} from "../assign/assignments.js"
export {
  declareBreakGlass,
  type Emergency,
  type EmergencyDeclaration,
  openReviews,
  ownEmergencies,
  reviewBreakGlass,
} from "../assign/break-glass.js"
export {
  listReferrals,
  type MoveRequest,
  mergeBranches,
  movePatient,
  type RecordedReferral,
  type Referral,
  referPatient,
  withdrawReferral,
} from "../assign/crossings.js"
export {
  allowSupport,
  endSupport,
  listSupport,
  type SupportAllowance,
  type SupportSession,
} from "../assign/support.js"
export { Context } from "../context/context.js"
export type { Scope, Session, SessionGrant } from "../context/session.js"
export { asyncLocalStore, type ContextStore, type Frame } from "../context/store.js"
export { createIssuer, type Issuer, type IssuerOptions } from "../issue/issuer.js"
export type {
  AggregateRelease,
  Assignment,
  BreakGlassRequest,
  OffboardRequest,
  OpenSession,
  ReferralRequest,
  ReopenRequest,
  ServiceRequest,
  SessionRequest,
  SupportDeclaration,
  SupportRequest,
} from "../issue/requests.js"
export type { Logger } from "../log.js"
export { carriesOut, runsText } from "./carriers.js"
export type { Limits } from "./deadline.js"
export type { SecurityFloorWaiver } from "./guard.js"
export type { JobContext, JobOptions, JobResult } from "./job.js"
export type { Ask, ObservedCall, ViewObserver, Watch, Widened } from "./observe.js"
export type { WardkeepOptions } from "./options.js"
export type { Queries, QueryOptions, Values } from "./queries.js"
export type { QueuedContext } from "./queued-context.js"
export type { Refusal, RefusalRecorder } from "./refusals.js"
export type { StreamOptions } from "./stream.js"
export type { TransactionOptions } from "./transact.js"
export type { Transaction } from "./transaction.js"
export { createWardkeep, type TransactionScope, Wardkeep } from "./wardkeep.js"
export type { Row } from "./wire/row-shape.js"
export type { Result } from "./wire/unit.js"
