import type { Branch } from "../data/clinics.js"
import type { Oracle } from "./oracle.js"

export type Layer =
  | "http"
  | "orm"
  | "sql"
  | "forged-context"
  | "role-switch"
  | "pool"
  | "prepared-statement"
  | "error-message"
  | "foreign-key"
  | "job"
  | "session"
  | "startup-options"
  | "shadowing"
  | "explain"

/** What came back from an attempt. */
export interface Outcome {
  /** Every text that reached the attacker: rows, errors with all their fields, notices, headers. */
  readonly seen: readonly string[]
  /** Code and message, when it was refused. */
  readonly refusal?: string
  /** How many rows of other branches were changed, as far as the attacker was told. */
  readonly touched?: number
  /** How an answer told whether something exists in another branch. */
  readonly betrayed?: string
  /** What was learned without seeing a row. */
  readonly disclosed?: string
  /** What happened, when it was neither refused nor empty-handed in the plain sense. */
  readonly note?: string
}

export interface Attempt {
  readonly layer: Layer
  readonly attempt: string
  /** Branches whose data this attacker may see. */
  readonly home: readonly Branch[]
  readonly given?: readonly string[]
  run(): Promise<Outcome>
}

export type Verdict = "REFUSED" | "EMPTY" | "DISCLOSED" | "LEAK"

export interface Crossing {
  readonly layer: Layer
  readonly attempt: string
  readonly verdict: Verdict
  readonly how: string
}

/** Refusals of class 42 that are meant: permission denied, no key of that shape, several statements in one. */
const real = /^(42501|42P10|42601 cannot insert multiple commands) ?/

/** Runs an attempt and says what became of it. A fault of the demo itself is not caught: it must not look like a refusal. */
export async function attempted(one: Attempt, oracle: Oracle): Promise<Crossing> {
  const outcome = await one.run()
  const { layer, attempt } = one
  const found = outcome.seen.map((text) => oracle.find(text, one.home, one.given)).find((hit) => hit !== undefined)
  if (found !== undefined) return { layer, attempt, verdict: "LEAK", how: `${found} came back` }
  if ((outcome.touched ?? 0) > 0) {
    return { layer, attempt, verdict: "LEAK", how: `${outcome.touched} foreign rows were changed or referred to` }
  }
  if (outcome.betrayed !== undefined) return { layer, attempt, verdict: "LEAK", how: outcome.betrayed }
  // A statement that PostgreSQL does not understand proves nothing.
  if (/^42[0-9A-Z]{3} /.test(outcome.refusal ?? "") && !real.test(outcome.refusal ?? ""))
    throw new Error(`${attempt}: a fault of the attempt: ${outcome.refusal}`)
  if (outcome.refusal !== undefined) return { layer, attempt, verdict: "REFUSED", how: outcome.refusal }
  if (outcome.disclosed !== undefined) return { layer, attempt, verdict: "DISCLOSED", how: outcome.disclosed }
  return { layer, attempt, verdict: "EMPTY", how: outcome.note ?? "0 rows" }
}

/** Every field of an error and of its causes: PostgreSQL puts row values into some of them. */
export function errorText(error: unknown, depth = 0): string {
  if (typeof error !== "object" || error === null || depth > 4) return String(error)
  const names = [...new Set([...Object.getOwnPropertyNames(error), "message"])]
  const fields = names.map((name) => {
    const value: unknown = Reflect.get(error, name)
    return `${name}: ${typeof value === "object" ? errorText(value, depth + 1) : String(value)}`
  })
  return fields.join("\n")
}

/** Code and message of the innermost error that has a code: what PostgreSQL or Wardkeep said. */
export function refusalOf(error: unknown): string {
  let current = error
  let said = ""
  for (let depth = 0; depth < 5 && typeof current === "object" && current !== null; depth++) {
    const code: unknown = Reflect.get(current, "code")
    const message: unknown = Reflect.get(current, "message")
    if (typeof code === "string") {
      said = `${code} ${String(message).split("\n")[0]}`
      if (code.startsWith("WK")) break
    }
    current = Reflect.get(current, "cause")
  }
  return said === "" ? `${String(error).split("\n")[0]}` : said
}
