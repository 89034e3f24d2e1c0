/**
 * better-auth 1: from its session to who asks.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import { requirePeer } from "../peer.js"
import { actorOf, type Identity, secondsUntil } from "../sessions/index.js"

export { actorOf, type Identity } from "../sessions/index.js"

/** What is looked at in a session of better-auth. */
export interface BetterAuthSession {
  readonly session: {
    readonly id: string
    readonly expiresAt: Date | string
    /** Of its admin plugin: who really sits there. */
    readonly impersonatedBy?: string | null | undefined
  }
  readonly user: { readonly id: string }
}

/** What is asked of an instance of better-auth. */
export interface BetterAuth<Found extends BetterAuthSession> {
  readonly api: {
    getSession(asked: {
      readonly headers: Headers
      readonly query: { readonly disableCookieCache: true }
    }): Promise<Found | null>
  }
}

export interface BetterAuthOptions<Found> {
  /** The host's own id of the person. Unless told, better-auth's `user.id`. */
  readonly actor?: (found: Found) => unknown
  /**
   * When the second factor was given. better-auth does not keep it: a trusted device signs in without one, and looks the
   * same. Keep it in a field of the session of your own, as docs/guides/sign-in.md shows. Unless told, there was none.
   */
  readonly mfaAt?: (found: Found) => Date | null | undefined
}

/**
 * Tells who a request's headers are signed in as, or that nobody is. Asked of better-auth's database each time, never of
 * its cookie cache, in which a revoked session lives on.
 *
 * @throws WK009 another version of better-auth than it accepts · for headers: WK756 expired · WK758 the id cannot be an actor, or is impersonated
 * @example const identify = betterAuthIdentity(auth, { mfaAt: ({ session }) => session.mfaAt })
 */
export function betterAuthIdentity<Found extends BetterAuthSession>(
  auth: BetterAuth<Found>,
  { actor, mfaAt }: BetterAuthOptions<Found> = {},
): (headers: Headers) => Promise<Identity | undefined> {
  requirePeer("better-auth", { from: [1, 7], below: [2, 0] })
  return async (headers) => {
    const found = await auth.api.getSession({ headers, query: { disableCookieCache: true } })
    if (found === null) return undefined
    const { impersonatedBy = null } = found.session
    if (impersonatedBy !== null && actor === undefined)
      throw new WardkeepError("WK758", {
        message: "somebody else acts under this id, and the audit log would not say who",
        hint: "End the impersonation, or say who acts by the bridge's `actor` option.",
      })
    const at = mfaAt?.(found) ?? undefined
    return {
      actor: actorOf(actor === undefined ? found.user.id : actor(found)),
      ...(at !== undefined && { mfaAt: new Date(at) }),
      ttl: secondsUntil(found.session.expiresAt),
      signIn: found.session.id,
    }
  }
}
