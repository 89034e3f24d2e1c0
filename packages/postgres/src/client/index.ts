/**
 * The client: sessions become contexts, contexts become units, and PostgreSQL decides what each of them sees.
 *
 * @module
 */
export { Context } from "../context/context.js"
export type { Scope, Session, SessionGrant } from "../context/session.js"
export { asyncLocalStore, type ContextStore, type Frame } from "../context/store.js"
export {
  type Assignment,
  createIssuer,
  type Issuer,
  type IssuerOptions,
  type OpenSession,
  type ReopenRequest,
  type ServiceRequest,
  type SessionRequest,
} from "../issue/issuer.js"
export type { Logger } from "../log.js"
export type { Limits } from "./deadline.js"
export type { SecurityFloorWaiver } from "./guard.js"
export type { JobContext, JobOptions, JobResult } from "./job.js"
export type { WardkeepOptions } from "./options.js"
export type { Queries, QueryOptions, Values } from "./queries.js"
export type { QueuedContext } from "./queued-context.js"
export type { StreamOptions } from "./stream.js"
export type { TransactionOptions } from "./transact.js"
export type { Transaction } from "./transaction.js"
export { createWardkeep, type TransactionScope, Wardkeep } from "./wardkeep.js"
export type { Row } from "./wire/row-shape.js"
export type { Result } from "./wire/unit.js"
