/**
 * Auth.js (`@auth/core`, and with it `@auth/express`, next-auth 5 and others): from its session to who asks.
 *
 * @module
 */
import { requirePeer } from "../peer.js"
import { actorOf, type Identity, secondsUntil } from "../sessions/index.js"

export { actorOf, type Identity } from "../sessions/index.js"

/** What is looked at in a session of Auth.js. */
export interface AuthJsSession {
  readonly user?: { readonly id?: string | undefined } | undefined
  readonly expires: string
}

export interface AuthJsOptions<Found> {
  /** The host's own id of the person. Unless told, `user.id`, which your `session` callback must put there. Never an address. */
  readonly actor?: (found: Found) => unknown
  /** When the second factor was given, from a field that your `session` callback put there. Unless told, there was none. */
  readonly mfaAt?: (found: Found) => Date | number | string | null | undefined
  /** Another for each sign-in of one person. Unless told, all of a person's are one: ending one ends the others. */
  readonly signIn?: (found: Found) => string
}

/**
 * Tells who a session of Auth.js is, or that there is none. With Auth.js's `jwt` strategy nothing revokes it but your `jwt`
 * callback, by returning null.
 *
 * @throws WK009 another version of Auth.js than it accepts · for a session: WK756 it has expired · WK758 no id
 * @example
 * const identify = authJsIdentity<Session>({ mfaAt: ({ mfaAt }) => mfaAt })
 * const who = identify(await getSession(request, config))
 */
export function authJsIdentity<Found extends AuthJsSession>({
  actor,
  mfaAt,
  signIn,
}: AuthJsOptions<Found> = {}): (found: Found | null | undefined) => Identity | undefined {
  requirePeer("@auth/core", { from: [0, 41], below: [0, 42] })
  return (found) => {
    if (found === null || found === undefined) return undefined
    const at = mfaAt?.(found) ?? undefined
    return {
      actor: actorOf(actor === undefined ? found.user?.id : actor(found)),
      ...(at !== undefined && { mfaAt: new Date(at) }),
      ttl: secondsUntil(found.expires),
      signIn: signIn?.(found) ?? "",
    }
  }
}
