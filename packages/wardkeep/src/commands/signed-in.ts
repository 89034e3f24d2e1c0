import { recordViews } from "@wardkeep/audit"
import { type Policy, WardkeepError } from "@wardkeep/core"
import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "@wardkeep/postgres"

/** Who works at the command line as a role of the policy file, and why. */
export interface Person {
  readonly policy: Policy
  readonly env: Readonly<Record<string, string | undefined>>
  readonly actor: string
  readonly role: string
  readonly branches: readonly string[]
  /** Needed where there are several. */
  readonly tenant?: string | undefined
  readonly purpose?: string | undefined
  readonly reason: string
  readonly minutes: number
  /** When whoever runs this checked a second factor of the actor; recorded in the session's label. */
  readonly mfaAt?: Date | undefined
}

/**
 * Works with a client and a session of the application's own kind: the same login, token and fence. The session is issued with
 * the reason as its label, and ended at the end with what `ending` says.
 *
 * @throws WK009 an option or a variable · WK202 not assigned, or a role that asks for a second factor · WK005
 */
export async function signedIn<T>(
  person: Person,
  command: string,
  work: (opened: { readonly wk: Wardkeep; readonly session: Session }) => Promise<T>,
  ending: () => string,
): Promise<T> {
  const { policy, env, reason } = person
  if (reason.trim() === "") throw new WardkeepError("WK009", { message: "--reason says why" })
  const variable = (name: string): string => {
    const value = env[name] ?? ""
    if (value !== "") return value
    throw new WardkeepError("WK009", {
      message: `${name} is not set`,
      hint: "It needs WARDKEEP_APP_URL, WARDKEEP_ISSUER_URL, WARDKEEP_KEY_ID and WARDKEEP_SIGNING_KEY.",
    })
  }
  const app = { connectionString: variable("WARDKEEP_APP_URL"), max: 1 }
  const issuer = createIssuer({
    pool: { connectionString: variable("WARDKEEP_ISSUER_URL"), max: 1 },
    keyId: variable("WARDKEEP_KEY_ID"),
    key: variable("WARDKEEP_SIGNING_KEY"),
  })
  try {
    const session = await issued(issuer, person, command)
    const views = [...policy.tables.values()].some(({ audit }) => audit?.views !== undefined)
    const wk = createWardkeep({ pool: app, policy, ...(views && { views: recordViews(policy) }) })
    try {
      return await work({ wk, session })
    } finally {
      await wk.close().catch(() => undefined)
      await issuer.endSession(session.id, `${command}: ${ending()}`)
    }
  } finally {
    await issuer.close()
  }
}

async function issued(issuer: Issuer, person: Person, command: string): Promise<Session> {
  const { actor, role, branches, purpose, reason, minutes, mfaAt } = person
  const tenants = person.tenant === undefined ? await issuer.listTenants() : [person.tenant]
  const [tenant] = tenants
  if (tenant === undefined || tenants.length > 1)
    throw new WardkeepError("WK009", {
      message: `there are ${tenants.length} clinics`,
      hint: "Name the branch's with --tenant.",
    })
  const purposes = purpose === undefined ? {} : { purposes: [purpose] }
  const assignments = [{ tenant, branches, role, ...purposes }]
  // Whoever has the issuer's key can say so, like the application's login page: it is on record that it was said here.
  const said =
    mfaAt === undefined ? {} : { mfaAt, label: `${command}, second factor ${mfaAt.toISOString()}: ${reason}` }
  return await issuer.issueSession({
    actor,
    assignments,
    ttl: minutes * 60,
    label: `${command}: ${reason}`,
    ...said,
  })
}
