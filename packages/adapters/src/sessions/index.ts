/**
 * From a sign-in that was checked elsewhere to a session of Wardkeep's, whoever checked it.
 *
 * @module
 */
import { WardkeepError } from "@wardkeep/core"
import type { Assignment, Issuer, Session } from "@wardkeep/postgres"

/** Somebody whose sign-in holds. Spread it into `issueSession`, or hand it to {@link sessionsFor}. */
export interface Identity {
  readonly actor: string
  /** When the second factor was given; absent where nothing says that there was one. */
  readonly mfaAt?: Date
  /** Seconds for which the sign-in still holds, at most 24 hours. */
  readonly ttl: number
  /** Another for each sign-in of one person. No secret. */
  readonly signIn: string
}

/** What a session is issued with, besides who it is for. */
export interface Issuing {
  /** From the host's own tables. Left out where the policy says `assignments: "required"`: the database knows them. */
  assignments?(who: Identity): readonly Assignment[] | Promise<readonly Assignment[]>
  /** Shown in the list of open sessions. */
  label?(who: Identity): string
  /** How many sign-ins are remembered, 10,000 unless told; the oldest is forgotten first. */
  readonly most?: number
}

interface Remembered {
  readonly session: Promise<Session>
  /** Milliseconds of `Date.now()`; not known before the session is there. */
  endsAt: number
}

/**
 * One session for each sign-in, issued when it is first met and kept in this process until it ends. A newer second factor
 * is another session. What was ended by `endSession` or `endActor` stays ended here (WK102), but another process would issue
 * anew for a sign-in that still holds: end that where it was made, or take the assignments by `offboard`.
 *
 * @throws WK202 the policy does not allow it · WK005 the database cannot be reached
 * @example
 * const sessionOf = sessionsFor(issuer, { assignments: ({ actor }) => assignmentsOf(actor) })
 * app.use(expressContext(wk, { session: async (request) => sessionOf(await identify(bearerToken(request.headers.authorization))) }))
 */
export function sessionsFor(
  issuer: Pick<Issuer, "issueSession">,
  issuing: Issuing = {},
): (who: Identity | undefined) => Promise<Session | undefined> {
  const { most = 10_000 } = issuing
  const known = new Map<string, Remembered>()
  const issue = async (who: Identity): Promise<Session> => {
    const assignments = await issuing.assignments?.(who)
    const label = issuing.label?.(who)
    const { actor, mfaAt, ttl } = who
    return await issuer.issueSession({
      actor,
      ttl,
      ...(mfaAt !== undefined && { mfaAt }),
      ...(assignments !== undefined && { assignments }),
      ...(label !== undefined && { label }),
    })
  }
  return async (who) => {
    if (who === undefined) return undefined
    const key = JSON.stringify([who.actor, who.signIn, who.mfaAt?.getTime()])
    const found = known.get(key)
    if (found !== undefined && found.endsAt > Date.now()) return await found.session
    const made: Remembered = { session: issue(who), endsAt: Number.POSITIVE_INFINITY }
    known.delete(key)
    known.set(key, made)
    for (const [oldest] of known) {
      if (known.size <= most) break
      known.delete(oldest)
    }
    try {
      const session = await made.session
      made.endsAt = Date.parse(session.expiresAt)
      return session
    } catch (error) {
      if (known.get(key) === made) known.delete(key)
      throw error
    }
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The actor of a person's id, whatever its type: the text that PostgreSQL prints for it. A uuid is in small letters, a
 * whole number is its decimal digits, other text stays as it is.
 *
 * @throws WK758 something else, an empty or overlong text, one with control characters, or a name such as `service:…`
 * @example actorOf(12n) // "12"
 */
export function actorOf(id: unknown): string {
  if (typeof id === "bigint" || (typeof id === "number" && Number.isSafeInteger(id))) return String(id)
  if (typeof id !== "string")
    throw unfit(id === undefined || id === null ? "there is none" : "it is no uuid, whole number or text")
  if (id === "" || id.length > 255) throw unfit("it is empty or longer than 255 characters")
  // They would forge lines, or turn them around, where an actor is printed.
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(id)) throw unfit("it holds control characters")
  if (/^(service|backfill|audit|owner|login|wardkeep):/.test(id)) throw unfit("the audit log names so who is no person")
  return uuid.test(id) ? id.toLowerCase() : id
}

const unfit = (why: string): WardkeepError =>
  new WardkeepError("WK758", { message: `the id cannot be an actor: ${why}` })

/** PostgreSQL's limit for a session, in seconds. */
const longest = 24 * 60 * 60

/**
 * Whole seconds until a sign-in ends, as `issueSession` takes them.
 *
 * @throws WK756 it has ended
 * @example const session = await issuer.issueSession({ actor, assignments, ttl: secondsUntil(login.expiresAt) })
 */
export function secondsUntil(ends: Date | number | string): number {
  const left = Math.floor((new Date(ends).getTime() - Date.now()) / 1000)
  if (!(left >= 1)) throw new WardkeepError("WK756", { message: "the sign-in has expired, or says no end" })
  return Math.min(left, longest)
}
