import { randomBytes } from "node:crypto"
import { type Issuer, wardkeepErrorIn } from "wardkeep"
import { ClinicError } from "../http/clinic-error.js"
import type { Account, Accounts } from "./accounts.js"
import { actorOf } from "./actor.js"
import type { AttemptLimit } from "./attempts.js"
import { verifyPassword } from "./passwords.js"
import { stepOfCode } from "./second-factor.js"
import type { Opened } from "./store.js"

export interface SignIn {
  /** First step: gives a ticket that is good for nothing but the second step. */
  password(email: string, password: string, address: string): Promise<{ ticket: string }>
  /** Second step: only here does a session come into being. */
  code(ticket: string, code: string, label: string): Promise<Opened>
  /** The second step anew, for what asks for a recent one: another session until the old one would have ended. */
  again(login: Opened, code: string, label: string): Promise<Opened>
}

interface Parts {
  readonly accounts: Accounts
  readonly issuer: Issuer
  readonly attempts: AttemptLimit
  readonly clock: () => number
}

const ticketLife = 5 * 60_000
const sessionLife = 10 * 3600

const wrong = (): ClinicError => new ClinicError(401, "wrong_credentials", "Email, password or code is wrong.")

const unassigned = (): ClinicError =>
  new ClinicError(403, "no_valid_assignment", "This account may not sign in here now.")

/** Password, then a time-based one-time code, then a session with one token per role and purpose. */
export function signIn({ accounts, issuer, attempts, clock }: Parts): SignIn {
  const tickets = new Map<string, { account: Account; until: number }>()
  const spend = async (account: Account, code: string): Promise<void> => {
    attempts.check(`code ${account.id}`)
    const step = stepOfCode(account.totpSecret, code, clock())
    if (step === undefined || !(await accounts.spendCode(account.id, step))) {
      attempts.failed(`code ${account.id}`)
      throw wrong()
    }
    attempts.succeeded(`code ${account.id}`)
  }
  const open = async ({ id, email }: Account, ttl: number, label: string): Promise<Opened> => {
    const mfaAt = new Date(clock())
    // No role is named: the database knows what is assigned to whom, and refuses (WK202) when it is nothing now.
    const session = await issuer.issueSession({ actor: actorOf(id), mfaAt, ttl, label }).catch((error: unknown) => {
      throw wardkeepErrorIn(error)?.code === "WK202" ? unassigned() : error
    })
    return { session, email, mfaAt }
  }
  return {
    async password(email, password, address) {
      const [byEmail, byAddress] = [`email ${email.toLowerCase()}`, `address ${address}`]
      attempts.check(byEmail, byAddress)
      // Counted before the answer is known: guesses sent side by side would all pass the check while the first is compared.
      attempts.failed(byEmail, byAddress)
      const account = await accounts.byEmail(email)
      const matches = await verifyPassword(password, account?.passwordHash)
      if (account === undefined || !matches) throw wrong()
      attempts.succeeded(byEmail)
      // One's own password says nothing about the other guesses from here.
      attempts.forgiven(byAddress)
      for (const [old, { until }] of tickets) if (until <= clock()) tickets.delete(old)
      const ticket = randomBytes(32).toString("base64url")
      tickets.set(ticket, { account, until: clock() + ticketLife })
      return { ticket }
    },
    async code(ticket, code, label) {
      const pending = tickets.get(ticket)
      if (pending === undefined || pending.until <= clock()) throw wrong()
      await spend(pending.account, code)
      tickets.delete(ticket)
      return open(pending.account, sessionLife, label)
    },
    async again({ email, session }, code, label) {
      const account = await accounts.byEmail(email)
      if (account === undefined) throw wrong()
      await spend(account, code)
      // A newer factor, not a longer day.
      const left = Math.floor((Date.parse(session.expiresAt) - clock()) / 1000)
      return open(account, Math.min(left, sessionLife), label)
    },
  }
}
