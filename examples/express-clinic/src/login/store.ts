import { createHash, randomBytes } from "node:crypto"
import type { Session } from "wardkeep"

/** One signed-in browser. It holds Wardkeep's session; the browser holds an id that means nothing elsewhere. */
export interface OpenLogin {
  readonly session: Session
  readonly email: string
  /** When the second factor was given last. */
  readonly mfaAt: Date
  /** Contexts that were opened in an emergency, by its id. They end with the session. */
  readonly emergencies: Map<string, Session>
  /** Contexts of referrals to this person's branch, by their id. They end with the session, and when they are withdrawn. */
  readonly referrals: Map<string, Session>
  /** The branch this browser narrowed itself to; undefined means every branch of the session. */
  branch: string | undefined
}

/** What signing in gives. */
export type Opened = Pick<OpenLogin, "session" | "email" | "mfaAt">

export interface LoginStore {
  /** Keeps a login and returns the id for the cookie. */
  add(login: Opened, branch?: string): string
  /** The login of a cookie, its idle time started anew; undefined when unknown or idle for too long. Its session may be over. */
  open(cookie: string | undefined): OpenLogin | undefined
  /** As `open`, its idle time left running: for a page that asks by itself whether it may still be looked at. */
  peek(cookie: string | undefined): OpenLogin | undefined
  /** Takes out every login that has idled for too long, and names their sessions. */
  sweep(): string[]
  /** Forgets every browser of a Wardkeep session. */
  forget(sessionId: string): void
}

/** Milliseconds that only go forward: who sets the machine's clock back keeps nobody signed in. */
export const steadyClock = (): number => performance.now()

export const idleLimit = 15 * 60_000

/** Logins in memory, found by the digest of the cookie: what can be read here cannot be sent back as a cookie. */
export function loginStore(clock: () => number, limit = idleLimit): LoginStore {
  const logins = new Map<string, OpenLogin & { seen: number }>()
  const over = ({ seen }: { readonly seen: number }): boolean => clock() - seen > limit
  const digest = (id: string): string => createHash("sha256").update(id).digest("base64")
  const find = (cookie: string | undefined) => {
    const login = cookie === undefined ? undefined : logins.get(digest(cookie))
    return login === undefined || over(login) ? undefined : login
  }
  return {
    add(login, branch) {
      const id = randomBytes(32).toString("base64url")
      logins.set(digest(id), { ...login, branch, emergencies: new Map(), referrals: new Map(), seen: clock() })
      return id
    },
    open(cookie) {
      const login = find(cookie)
      if (login !== undefined) login.seen = clock()
      return login
    },
    peek: find,
    sweep() {
      const gone = [...logins].filter(([, login]) => over(login))
      for (const [key] of gone) logins.delete(key)
      return gone.map(([, { session }]) => session.id)
    },
    forget(sessionId) {
      for (const [key, { session }] of logins) if (session.id === sessionId) logins.delete(key)
    },
  }
}
