import {
  accountOf,
  attemptLimit,
  idleLimit,
  type LoginStore,
  loginStore,
  openParts,
  type SignIn,
  signIn,
  steadyClock,
} from "@wardkeep/example-express-clinic"
import { headers } from "next/headers"
import type { Issuer, Wardkeep } from "wardkeep"
import { type NextStore, nextStore } from "wardkeep/next"

/** What the whole process shares: the client, the login of the Express example, and who is signed in. */
export interface ConsoleParts {
  readonly wk: Wardkeep
  readonly issuer: Issuer
  readonly store: NextStore
  readonly logins: LoginStore
  readonly signIn: SignIn
  readonly idleSeconds: number
  /** How people are called in lists: by the email of their account, or as the log has them. */
  peopleOf(actors: readonly string[]): Promise<(actor: string) => string>
  /** Idle is over in the database too: the token is refused, and the list of open sessions does not show it. */
  endIdle(): Promise<void>
}

/** Next loads modules while it builds, without an environment; nothing connects before it is used. */
function open(): ConsoleParts {
  const { APP_DATABASE_URL, ISSUER_DATABASE_URL, WARDKEEP_KEY_ID, WARDKEEP_KEY, CONSOLE_IDLE_SECONDS } = process.env
  const nowhere = "postgres://127.0.0.1:1/none"
  const store = nextStore(headers)
  const { wk, issuer, accounts } = openParts({
    appUrl: APP_DATABASE_URL ?? nowhere,
    issuerUrl: ISSUER_DATABASE_URL ?? nowhere,
    keyId: WARDKEEP_KEY_ID ?? "none",
    key: Buffer.from(WARDKEEP_KEY ?? Buffer.alloc(32).toString("base64"), "base64"),
    contextStore: store,
  })
  const clock = Date.now
  const idleSeconds = Number(CONSOLE_IDLE_SECONDS ?? idleLimit / 1000)
  const logins = loginStore(steadyClock, idleSeconds * 1000)
  const waiting = new Set<string>()
  return {
    wk,
    issuer,
    store,
    logins,
    idleSeconds,
    async peopleOf(actors) {
      const known = await accounts.emailsOf([...new Set(actors.map(accountOf))])
      return (actor) => known.get(accountOf(actor)) ?? accountOf(actor)
    },
    signIn: signIn({ accounts, issuer, attempts: attemptLimit(steadyClock), clock }),
    async endIdle() {
      for (const id of logins.sweep()) waiting.add(id)
      for (const id of waiting) {
        try {
          await issuer.endSession(id, "idle for too long")
          waiting.delete(id)
        } catch {
          // The database is away: the next turn tries again.
          return
        }
      }
    },
  }
}

// Next may load this module more than once, for pages and for route handlers.
const holder = globalThis as typeof globalThis & { clinicConsole?: ConsoleParts }
holder.clinicConsole ??= open()
export const parts: ConsoleParts = holder.clinicConsole
