import { createInterface } from "node:readline"
import { recordViews } from "@wardkeep/audit"
import { type Policy, WardkeepError } from "@wardkeep/core"
import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "@wardkeep/postgres"

export interface PromptOptions {
  readonly policy: Policy
  readonly env: Readonly<Record<string, string | undefined>>
  readonly actor: string
  readonly role: string
  readonly branch: string
  /** Needed where there are several. */
  readonly tenant?: string | undefined
  readonly purpose?: string | undefined
  readonly reason: string
  readonly minutes: number
  /** When whoever runs this checked a second factor of the actor; recorded in the session's label. */
  readonly mfaAt?: Date | undefined
  readonly input: NodeJS.ReadableStream
  /** Called before each statement that is waited for. */
  readonly prompt: (text: string) => void
  /** Rows and what a statement did. */
  readonly show: (answer: Answer) => void
  readonly refused: (refusal: Refusal) => void
}

/** In the database's own words, which may hold values of rows: they are for whoever may read those anyway. */
export interface Refusal {
  /** A code of Wardkeep, or an SQLSTATE. */
  readonly code: string
  readonly message: string
}

export interface Answer {
  readonly columns: readonly string[]
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  /** `select`, or rows that were changed. */
  readonly count: number | null
}

export interface PromptEnd {
  readonly session: string
  readonly statements: number
  readonly refused: number
  readonly why: "the input ended" | "the time was over" | "the session was ended"
}

/**
 * Runs statements from a stream as one role in one branch, each in its own transaction through the client: the same login,
 * token and fence as the application's. The session is issued with the reason as its label, and ended at the end.
 *
 * @throws WK009 an option or a variable · WK202 not assigned, or a role that asks for a second factor · WK005
 * @example await prompt({ policy, env: process.env, actor: "asha", role: "reception", branch, reason: "ticket 4711", minutes: 15, ... })
 */
export async function prompt(options: PromptOptions): Promise<PromptEnd> {
  const { policy, env } = options
  if (options.reason.trim() === "") throw new WardkeepError("WK009", { message: "--reason says why" })
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
    const session = await issued(issuer, options)
    const views = [...policy.tables.values()].some(({ audit }) => audit?.views !== undefined)
    const wk = createWardkeep({ pool: app, policy, ...(views && { views: recordViews(policy) }) })
    let said = "it failed"
    try {
      const end = await answer(wk, session, options)
      said = `${end.statements} statements, ${end.refused} refused; ${end.why}`
      return end
    } finally {
      await wk.close().catch(() => undefined)
      await issuer.endSession(session.id, `wardkeep psql: ${said}`)
    }
  } finally {
    await issuer.close()
  }
}

async function issued(issuer: Issuer, options: PromptOptions): Promise<Session> {
  const { actor, role, branch, purpose, reason, minutes, mfaAt } = options
  const tenants = options.tenant === undefined ? await issuer.listTenants() : [options.tenant]
  const [tenant] = tenants
  if (tenant === undefined || tenants.length > 1)
    throw new WardkeepError("WK009", {
      message: `there are ${tenants.length} clinics`,
      hint: "Name the branch's with --tenant.",
    })
  const purposes = purpose === undefined ? {} : { purposes: [purpose] }
  const assignments = [{ tenant, branches: [branch], role, ...purposes }]
  // Whoever has the issuer's key can say so, like the application's login page: it is on record that it was said here.
  const said =
    mfaAt === undefined ? {} : { mfaAt, label: `wardkeep psql, second factor ${mfaAt.toISOString()}: ${reason}` }
  return await issuer.issueSession({
    actor,
    assignments,
    ttl: minutes * 60,
    label: `wardkeep psql: ${reason}`,
    ...said,
  })
}

async function answer(wk: Wardkeep, session: Session, options: PromptOptions): Promise<PromptEnd> {
  const lines = createInterface({ input: options.input, crlfDelay: Number.POSITIVE_INFINITY })
  const [grant] = session.grants
  const scope = { branch: options.branch, ...(grant && { purpose: grant.purpose }) }
  const count = { statements: 0, refused: 0 }
  let why: PromptEnd["why"] = "the input ended"
  const left = Date.parse(session.expiresAt) - Date.now()
  const over = setTimeout(() => {
    why = "the time was over"
    lines.close()
  }, left)
  let text = ""
  try {
    options.prompt("=> ")
    for await (const line of lines) {
      if (text === "" && /^\s*\\q\s*$/.test(line)) break
      text += `${line}\n`
      if (!/;\s*$/.test(line)) {
        options.prompt("-> ")
        continue
      }
      const statement = text.trim().replace(/;$/, "")
      text = ""
      count.statements++
      const refusal = await run(wk, session, scope, statement, options.show)
      if (refusal !== null) {
        count.refused++
        options.refused(refusal)
        if (refusal.code === "WK102") {
          why = Date.now() >= Date.parse(session.expiresAt) ? "the time was over" : "the session was ended"
          break
        }
      }
      options.prompt("=> ")
    }
  } finally {
    clearTimeout(over)
    lines.close()
  }
  return { session: session.id, ...count, why }
}

async function run(
  wk: Wardkeep,
  session: Session,
  scope: { readonly branch: string; readonly purpose?: string },
  statement: string,
  show: PromptOptions["show"],
): Promise<Refusal | null> {
  try {
    const { rows, rowCount, fields } = await wk.run(session, scope, () => wk.query<Record<string, unknown>>(statement))
    show({ columns: fields.map(({ name }) => name), rows, count: rowCount })
    return null
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { code: "code" in error ? String(error.code) : "error", message: error.message }
  }
}
