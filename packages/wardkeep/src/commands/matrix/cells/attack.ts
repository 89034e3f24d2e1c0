import type { Queryable } from "@wardkeep/postgres/migrate"
import type { Answered, Attempt, Expected, Named, Planned, Verdict } from "./attempts.js"
import { standingKey } from "./attempts.js"
import type { Opened, Token } from "./tokens.js"

/** One line of the table: what was tried, what should have come of it and what did. */
export interface CaseResult extends Named {
  readonly verdict: Verdict
  /** In words, or an SQLSTATE; never a value of a row. */
  readonly detail: string
}

interface Outcome {
  readonly seen: Expected | "unclear"
  readonly detail: string
}

/** Attempts that share a transaction, so that none of them is long. */
const together = 100

/** Tries everything with the application's login, each in a savepoint of a transaction that is rolled back. */
export async function attack(app: Queryable, planned: readonly Planned[], { tokens }: Opened): Promise<CaseResult[]> {
  const results = new Map<Planned, CaseResult>()
  const groups = new Map<string, Attempt[]>()
  for (const one of planned) {
    if ("untried" in one) results.set(one, { ...nameParts(one), verdict: "INCONCLUSIVE", detail: one.untried })
    else if ("answered" in one) results.set(one, answered(one))
    else groups.set(standingKey(one.standing), [...(groups.get(standingKey(one.standing)) ?? []), one])
  }
  for (const [key, attempts] of groups) {
    const token = tokens.get(key)
    for (let from = 0; from < attempts.length; from += together) {
      const some = attempts.slice(from, from + together)
      if (token === undefined) for (const one of some) results.set(one, taken(one))
      else for (const [one, result] of await inContext(app, token, some)) results.set(one, result)
    }
  }
  return planned.flatMap((one) => results.get(one) ?? [])
}

function answered(one: Answered): CaseResult {
  const verdict = one.expected === one.answered ? "PASSED" : "FAILED"
  return { ...nameParts(one), verdict, detail: "the matrix refuses it; the database is not asked" }
}

function taken(attempt: Attempt): CaseResult {
  return { ...nameParts(attempt), verdict: "INCONCLUSIVE", detail: "the clinic took the role or its purpose away" }
}

/** Without the statement: its values are those of a row. */
function nameParts({ role, action, table, column, where, expected }: Named): Named {
  return { role, action, table, column, where, expected }
}

async function inContext(app: Queryable, token: Token, attempts: readonly Attempt[]): Promise<[Attempt, CaseResult][]> {
  await app.query("begin")
  try {
    await enter(app, token)
    const results: [Attempt, CaseResult][] = []
    for (const attempt of attempts) results.push([attempt, judged(attempt, await outcomeOf(app, attempt), token)])
    return results
  } finally {
    await app.query("rollback")
  }
}

async function enter(app: Queryable, { secret, role }: Token): Promise<void> {
  const { rows } = await app.query<{ strategy: string }>(
    `select wardkeep.strategy() as strategy, set_config('statement_timeout', '10s', true), set_config('lock_timeout', '3s', true),
       set_config('datestyle', 'ISO', true)`,
  )
  if (rows[0]?.strategy === "accelerated")
    await app.query("select set_config('role', wardkeep.enter($1, ''), true)", [secret])
  else await app.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [role, secret])
}

async function outcomeOf(app: Queryable, { text, values, probe, action }: Attempt): Promise<Outcome> {
  await app.query("savepoint attempt")
  try {
    const { rowCount } = await app.query(text, values)
    if (probe) return { seen: "allowed", detail: "the right is granted" }
    const reached = rowCount ?? 0
    return reached > 0
      ? { seen: "allowed", detail: "it reached the row" }
      : { seen: "refused", detail: "the row was not there for it" }
  } catch (error) {
    return refusal(error, action)
  } finally {
    await app.query("rollback to savepoint attempt")
  }
}

const refusals: Readonly<Record<string, string>> = {
  "42501": "refused by a grant or a policy (42501)",
  WK204: "refused for its second factor (WK204)",
  WK205: "refused for its purpose (WK205)",
}

function refusal(error: unknown, action: Attempt["action"]): Outcome {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) throw error
  const { code } = error
  // A lost connection is an error of the run, and no answer.
  if (/^(08|57P)/.test(code)) throw error
  const words = refusals[code]
  if (words !== undefined) return { seen: "refused", detail: words }
  // Policies are asked before constraints: what a constraint refuses, they let through.
  if (code.startsWith("23") && action !== "read" && byTable(error))
    return { seen: "allowed", detail: `the policies let it through, then a constraint refused it (${code})` }
  const what = code.startsWith("23") ? `${code}, from a trigger or a domain` : code
  return { seen: "unclear", detail: `the server answered with ${what}` }
}

/** A constraint of a table refused it, and no trigger in between: triggers before the row are asked before the policies. */
function byTable(error: unknown): boolean {
  if (!(error instanceof Error && "table" in error && error.table !== undefined)) return false
  const where = "where" in error && typeof error.where === "string" ? error.where : ""
  // What a foreign key does to rows of other tables comes after the policies too.
  return where.split("\n").every((line) => line === "" || / ONLY ("\w+"\.)?"/.test(line))
}

function judged(attempt: Attempt, { seen, detail }: Outcome, { denied }: Token): CaseResult {
  const { action, column, of: table = attempt.table } = attempt
  // What is read less is not written less: a new row is not aimed at.
  const wanted = action === "create" ? [`create ${table}`] : [`${action} ${table}`, `read ${table}`]
  const narrowed = column === null && wanted.some((what) => denied.includes(what))
  const expected = narrowed && attempt.expected === "allowed" ? "refused" : attempt.expected
  const named = { ...nameParts(attempt), expected }
  if (seen === "unclear") return { ...named, verdict: "INCONCLUSIVE", detail }
  const why = narrowed ? `${detail}; the clinic took it from the role` : detail
  return { ...named, verdict: seen === expected ? "PASSED" : "FAILED", detail: why }
}
