import { quoteLiteral, WardkeepError } from "@wardkeep/core"
import { meetsSecurityFloor, requireSupportedVersion, securityFloorText } from "../compile/floor.js"
import type { SafeLogger } from "../log.js"

export interface SecurityFloorWaiver {
  /** Until when, as an ISO date. */
  readonly until: string
  readonly reason: string
}

export interface GuardOptions {
  readonly production: boolean
  readonly waiver: SecurityFloorWaiver | undefined
  readonly log: SafeLogger
  readonly now?: () => number
}

/** What the server says of itself and of this login, in one row. */
export interface ServerFacts {
  readonly version_num: number
  readonly version: string
  readonly login: string
  readonly superuser: boolean
  readonly bypass: boolean
  readonly owns: string | null
  readonly strategy: "portable" | "accelerated"
  readonly time_zone: string
  readonly date_style: string
  readonly interval_style: string
}

/** Everything the guard asks, about the login and every role it is a member of. */
export function guardQuery(hostSchemas: readonly string[]): string {
  const schemas = ["wardkeep", ...hostSchemas].map((name) => quoteLiteral(name)).join(", ")
  return `select pg_catalog.current_setting('server_version_num')::int as version_num,
       pg_catalog.current_setting('server_version') as version,
       session_user::text as login,
       exists (select from pg_catalog.pg_roles r where r.rolsuper and pg_catalog.pg_has_role(session_user, r.oid, 'member')) as superuser,
       exists (select from pg_catalog.pg_roles r where r.rolbypassrls and pg_catalog.pg_has_role(session_user, r.oid, 'member')) as bypass,
       (select c.oid::pg_catalog.regclass::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where n.nspname in (${schemas}) and c.relkind in ('r', 'p', 'v', 'f') and pg_catalog.pg_has_role(session_user, c.relowner, 'member') limit 1) as owns,
       pg_catalog.current_setting('TimeZone') as time_zone,
       pg_catalog.current_setting('DateStyle') as date_style,
       pg_catalog.current_setting('IntervalStyle') as interval_style,
       wardkeep.strategy() as strategy`
}

/**
 * Refuses a login that row-level security does not bind, and a server with known holes in it.
 *
 * @throws WK003 superuser, BYPASSRLS, owner, or member of one · WK004 below the floor in production, not waived · WK006 too old
 */
export function requireSafe(facts: ServerFacts, options: GuardOptions): void {
  requireSupportedVersion(facts.version_num, facts.version)
  const why = facts.superuser
    ? "is a superuser or may become one"
    : facts.bypass
      ? "has BYPASSRLS or may take a role that has it"
      : facts.owns !== null
        ? `owns ${facts.owns} or may become its owner`
        : undefined
  if (why !== undefined) throw new WardkeepError("WK003", { message: `the login ${facts.login} ${why}` })
  if (meetsSecurityFloor(facts.version_num)) return
  const { production, waiver, log } = options
  const message = `PostgreSQL ${facts.version} has known holes in row-level security; fixed in ${securityFloorText}`
  if (production && !inForce(waiver, options.now?.() ?? Date.now())) throw new WardkeepError("WK004", { message })
  log.warn({ code: "WK004", server: facts.version, ...(waiver !== undefined && { reason: waiver.reason }) }, message)
}

/** @throws WK009 a waiver without a reason or a readable date */
export function requireWaiver(waiver: SecurityFloorWaiver | undefined): void {
  if (waiver === undefined) return
  if (Number.isNaN(Date.parse(waiver.until)) || waiver.reason.trim() === "")
    throw new WardkeepError("WK009", { message: "securityFloorWaiver needs an ISO date `until` and a `reason`" })
}

function inForce(waiver: SecurityFloorWaiver | undefined, now: number): boolean {
  return waiver !== undefined && Date.parse(waiver.until) > now
}
