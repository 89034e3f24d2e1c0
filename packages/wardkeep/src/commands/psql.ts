import { createInterface } from "node:readline"
import type { Policy } from "@wardkeep/core"
import type { Session, Wardkeep } from "@wardkeep/postgres"
import { signedIn } from "./signed-in.js"

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
  const { branch, ...person } = options
  let said = "it failed"
  return await signedIn(
    { ...person, branches: [branch] },
    "wardkeep psql",
    async ({ wk, session }) => {
      const end = await answer(wk, session, options)
      said = `${end.statements} statements, ${end.refused} refused; ${end.why}`
      return end
    },
    () => said,
  )
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
