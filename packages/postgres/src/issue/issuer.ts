import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { outward } from "../client/errors.js"
import { unreachable } from "../client/wire/connect.js"
import type { Session, SessionGrant } from "../context/session.js"
import { seconds } from "./duration.js"
import type {
  AggregateRelease,
  BreakGlassRequest,
  OffboardRequest,
  OpenSession,
  ReferralRequest,
  ReopenRequest,
  ServiceRequest,
  SessionRequest,
  SupportDeclaration,
  SupportRequest,
} from "./requests.js"
import { type RequestKind, requireKey, signRequest } from "./signature.js"

export interface IssuerOptions {
  /** Connects as the issuer's login. A `pg.Pool` stays the caller's to end. */
  readonly pool: pg.Pool | pg.PoolConfig
  readonly keyId: string
  /** 32 bytes; the database knows it by `add_key`. Without it this login can mint nothing. */
  readonly key: Buffer | string
}

/**
 * Makes and ends sessions. Belongs where the host signs people in, and nowhere else.
 *
 * Every method throws WK005 when the database cannot be reached.
 */
export interface Issuer {
  /** @throws WK202 unknown role, purpose, tenant or branch, missing expiry, second factor too old */
  issueSession(request: SessionRequest): Promise<Session>
  /** @throws WK202 · WK203 the policy has no such service */
  issueService(request: ServiceRequest): Promise<Session>
  /** Checks that a queued job's session still holds the grant. @throws WK102 it does not, or is another actor's */
  reopenSession(request: ReopenRequest): Promise<Session>
  /**
   * Opens a declared emergency as a session of one grant: that subject, that branch, that actor, until then. In another session
   * of the actor than the one that declared it, as after an idle lock, the second factor must be newer than the declaration.
   *
   * @throws WK207 nothing to open in this session · WK202 second factor too old
   */
  openBreakGlass(request: BreakGlassRequest): Promise<Session>
  /**
   * Opens a referral as a session of one grant, beside the ordinary one: that person, the tables that were referred, until
   * it ends.
   *
   * @throws WK230 nothing to open in this session · WK202 second factor too old
   */
  openReferral(request: ReferralRequest): Promise<Session>
  /**
   * Records a support session without the clinic's word. It shows nothing, and the clinic sees it at once; the next one of
   * the same person waits until the clinic ended this one.
   *
   * @returns the id for `openSupport`
   * @throws WK240 no such code, tenant or branch, too long, or an earlier one that waits
   */
  declareSupport(declared: SupportDeclaration): Promise<string>
  /**
   * Opens a support session that is on record, for the person it names, until its minutes are over or the clinic ends it.
   *
   * @throws WK240 nothing to open for this person · WK202 second factor too old
   */
  openSupport(request: SupportRequest): Promise<Session>
  /**
   * Publishes a month of figures from the clinics that agree at that moment, once and for all, for the vendor's login.
   *
   * @returns the id of the release
   * @throws WK252 not declared, not over, released before, or too few clinics or persons; nothing was published
   */
  releaseAggregate(release: AggregateRelease): Promise<string>
  /**
   * Revokes every assignment of an actor in every tenant and ends every session, from the next statement on.
   *
   * @returns how many assignments were revoked
   * @throws WK206 no actor, no reason, or nobody who asks for it
   */
  offboard(request: OffboardRequest): Promise<number>
  /** Takes effect with the next statement. False when it had ended before. */
  endSession(id: string, reason: string): Promise<boolean>
  /** Ends every session of an actor; returns how many. */
  endActor(actor: string, reason: string): Promise<number>
  listSessions(actor: string): Promise<OpenSession[]>
  listTenants(): Promise<string[]>
  close(): Promise<void>
}

interface GrantRow {
  readonly session_id: string
  readonly tenant: string
  readonly branches: string[]
  readonly role: string
  readonly db_role: string
  readonly purpose: string
  readonly token: string
  readonly valid_until: string
}

/**
 * Makes the issuer. It signs each request, so that neither the issuer's password alone nor SQL injected on its
 * connection mints a session.
 *
 * @throws WK009 key or keyId is malformed
 * @example
 * const issuer = createIssuer({ pool: { connectionString }, keyId: "k001", key })
 * const session = await issuer.issueSession({ actor: user.id, assignments, mfaAt: new Date(), ttl: "PT8H" })
 */
export function createIssuer(options: IssuerOptions): Issuer {
  const key = requireKey(options.keyId, options.key)
  const given = options.pool instanceof pg.Pool
  const pool = options.pool instanceof pg.Pool ? options.pool : new pg.Pool(options.pool)
  // An idle session that the server ends must not end the process; the next call opens another.
  if (!given) pool.on("error", () => undefined)

  async function call<R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await pool.query<R>(text, [...values])).rows
      } catch (error) {
        if (!isDeadlock(error) || attempt === 5)
          throw neverConnected(error) ? unreachable(error) : outward(error, undefined, false)
        await sleep(Math.floor(Math.random() * 40 * attempt))
      }
    }
  }
  async function issue(kind: RequestKind, routine: string, body: object, actor: string): Promise<Session> {
    const { request, kid, mac } = signRequest(kind, body, options.keyId, key)
    const text = `select g.session_id, g.tenant, g.branches, g.role, g.db_role, g.purpose, g.token,
      ${iso("g.valid_until")} as valid_until
      from wardkeep.${routine}($1, $2, $3) g`
    return sessionOf(await call<GrantRow>(text, [request, kid, mac]), actor)
  }

  return {
    issueSession: async (request) => await issue("session", "issue_session", sessionBody(request), request.actor),
    issueService: async ({ service, tenant, branches, ttl, label }) =>
      await issue(
        "service",
        "issue_service",
        { service, tenant, branches: branches ?? "all", ttl_seconds: seconds(ttl ?? 3600), label },
        `service:${service}`,
      ),
    reopenSession: async ({ sessionId, tenant, role, purpose, actor }) =>
      await issue("reopen", "reopen_session", { session_id: sessionId, actor, tenant, role, purpose }, actor),
    openBreakGlass: async ({ id, session: { id: sessionId, actor } }) =>
      await issue("break_glass", "open_break_glass", { break_glass: id, session_id: sessionId, actor }, actor),
    openReferral: async ({ id, session: { id: sessionId, actor } }) =>
      await issue("referral", "open_referral", { referral: id, session_id: sessionId, actor }, actor),
    declareSupport: async (declared) => {
      const { request, kid, mac } = signRequest("declare_support", declared, options.keyId, key)
      const text = "select wardkeep.declare_support($1, $2, $3) as id"
      return (await call<{ id: string }>(text, [request, kid, mac]))[0]?.id ?? ""
    },
    openSupport: async ({ id, actor, mfaAt }) => {
      const body = { support: id, actor, mfa_at: mfaAt === undefined ? undefined : instant(mfaAt) }
      return await issue("support", "open_support", body, actor)
    },
    releaseAggregate: async (release) => {
      const { request, kid, mac } = signRequest("release_aggregate", release, options.keyId, key)
      const text = "select wardkeep.release_aggregate($1, $2, $3) as id"
      return (await call<{ id: string }>(text, [request, kid, mac]))[0]?.id ?? ""
    },
    offboard: async ({ actor, by, reason }) => {
      const { request, kid, mac } = signRequest("offboard", { actor, by, reason }, options.keyId, key)
      const text = "select wardkeep.offboard($1, $2, $3) as revoked"
      return (await call<{ revoked: number }>(text, [request, kid, mac]))[0]?.revoked ?? 0
    },
    endSession: async (id, reason) =>
      (await call<{ ended: boolean }>("select wardkeep.end_session($1, $2) as ended", [id, reason]))[0]?.ended === true,
    endActor: async (actor, reason) =>
      (await call<{ ended: number }>("select wardkeep.end_actor($1, $2) as ended", [actor, reason]))[0]?.ended ?? 0,
    listSessions: async (actor) =>
      await call<pg.QueryResultRow & OpenSession>(
        `select s.session_id as id, s.kind, s.label, ${iso("s.created_at")} as "createdAt", ${iso("s.valid_until")} as "validUntil"
           from wardkeep.list_sessions($1) s`,
        [actor],
      ),
    listTenants: async () =>
      (await call<{ tenant: string }>("select t as tenant from wardkeep.list_tenants() t", [])).map(
        (row) => row.tenant,
      ),
    close: async () => {
      if (!given) await pool.end()
    },
  }
}

/** As JavaScript prints and reads a time, whatever the server's DateStyle and zone. */
function iso(column: string): string {
  return `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/**
 * PostgreSQL ended this call for somebody who came the other way, such as who narrows a role and then revokes it from the
 * person that signs in. Nothing of it was kept, its nonce included, so that the same request is served again.
 */
function isDeadlock(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "40P01"
}

/** Errors of the socket, of signing in and of a server that takes nobody; what SQL raised is none of these. */
function neverConnected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  const code = "code" in error ? String(error.code) : ""
  if (error instanceof pg.DatabaseError) return /^(28|08|3D000|53300|57P0)/.test(code)
  return /^E[A-Z]+$/.test(code) || /^(Connection terminated|timeout exceeded)/.test(error.message)
}

function sessionBody({ actor, assignments, mfaAt, ttl, label }: SessionRequest): object {
  return {
    actor,
    ttl_seconds: seconds(ttl),
    mfa_at: mfaAt === undefined ? undefined : instant(mfaAt),
    label,
    assignments: assignments?.map((a) => ({
      tenant: a.tenant,
      branches: a.branches,
      role: a.role,
      purposes: a.purposes,
      subjects: a.subjects,
      valid_from: a.validFrom === undefined ? undefined : instant(a.validFrom),
      valid_until: a.validUntil === undefined ? undefined : instant(a.validUntil),
    })),
  }
}

function instant(value: Date | string): string {
  return value instanceof Date ? value.toISOString() : value
}

function sessionOf(rows: readonly GrantRow[], actor: string): Session {
  const grants: SessionGrant[] = rows.map((row) => ({
    tenant: row.tenant,
    branches: row.branches,
    role: row.role,
    dbRole: row.db_role,
    purpose: row.purpose,
    token: row.token,
    validUntil: row.valid_until,
  }))
  const latest =
    grants
      .map(({ validUntil }) => validUntil)
      .sort()
      .at(-1) ?? ""
  return { id: rows[0]?.session_id ?? "", actor, expiresAt: latest, grants }
}
