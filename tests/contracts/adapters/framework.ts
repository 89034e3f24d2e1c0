import type { Server } from "node:http"
import type { Scope, Session, Wardkeep } from "@wardkeep/postgres"

/** What the small application of every framework is made of: four addresses, nothing about tenants. */
export interface Application {
  readonly wk: Wardkeep
  /** The session of the cookie, from the host's store; throws for the cookie `broken`. */
  session(cookie: string | undefined): Promise<Session | undefined>
  scope(branch: string | undefined): Scope
  /** GET /patients */
  list(): Promise<unknown>
  /** POST /patients, with a body; GET /patients/slow answers the same after a while. */
  create(body: unknown): Promise<unknown>
  slow(): Promise<unknown>
  /** POST /undone: writes and fails. */
  undone(body: unknown): Promise<unknown>
}

export interface FrameworkSubject {
  readonly name: string
  readonly library: string
  readonly call: string
  open(application: Application): Server | Promise<Server>
  readonly notes?: readonly string[]
}
