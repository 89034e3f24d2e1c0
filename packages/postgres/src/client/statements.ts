import { createHash } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { type Kind, kindOf } from "./statement-kind.js"
import { Statement } from "./wire/statement.js"

/** A text, what it is, and its statement under each role. */
export interface Text {
  readonly text: string
  readonly kind: Kind
  /** The role asked for last, which is usually the next one too. */
  lastRole: string
  last: Statement | undefined
  readonly byRole: Map<string, Statement>
  /** The roles as which it is known to decide by no hidden column. */
  readonly cleared: Set<string>
}

const capacity = 2000
/** Texts of the client's own: ends of transactions, prologues, BEGIN with modes in any number and order. */
const ownCapacity = 200

/**
 * Every text the host has used, read once. Statements are named per text and role: PostgreSQL plans a name anew
 * whenever the role differs from the last one's (6 to 18 times slower, measured), and not at all otherwise.
 */
export class StatementCatalog {
  readonly #texts = new Map<string, Text>()
  readonly #own = new Map<string, Statement>()
  readonly #salt: string
  readonly #commented: boolean
  readonly #named: boolean

  constructor(options: { readonly named: boolean; readonly roleComment: boolean; readonly salt: string }) {
    this.#named = options.named
    this.#commented = options.roleComment
    this.#salt = options.salt
  }

  /** @throws WK108 a text that is not a query or transaction control, or that could change a session which a pooler gives to others */
  read(text: string): Text {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const kind = kindOf(text)
    if (this.#commented && kind.kind === "query" && kind.suspect) {
      // A session of our own is destroyed afterwards; the pooler's server session would go to somebody else.
      throw new WardkeepError("WK108", {
        message: "a statement that can change session settings is refused behind a pooler",
      })
    }
    const read: Text = { text, kind, lastRole: "", last: undefined, byRole: new Map(), cleared: new Set() }
    if (this.#texts.size >= capacity) dropOldest(this.#texts)
    this.#texts.set(text, read)
    return read
  }

  /** The statement of a query text under a role. */
  forRole(text: Text, role: string): Statement {
    if (text.last !== undefined && text.lastRole === role) return text.last
    let statement = text.byRole.get(role)
    if (statement === undefined) {
      const suspect = text.kind.kind === "query" && text.kind.suspect
      // PgBouncer merges equal texts of different names, and with them the plans of different roles.
      const prefix = this.#commented ? `/* ${role.replaceAll(/[^\w]/g, "_")} */ ` : ""
      const full = prefix + text.text
      statement = new Statement(full, this.#name(role, full), suspect, prefix.length)
      text.byRole.set(role, statement)
    }
    text.lastRole = role
    text.last = statement
    return statement
  }

  /** A statement of the client's own that comes again and again. */
  own(text: string): Statement {
    let statement = this.#own.get(text)
    if (statement === undefined) {
      statement = new Statement(text, this.#name("", text))
      if (this.#own.size >= ownCapacity) dropOldest(this.#own)
      this.#own.set(text, statement)
    }
    return statement
  }

  #name(role: string, text: string): string {
    if (!this.#named) return ""
    const digest = createHash("sha256").update(`${this.#salt}\0${role}\0${text}`).digest("base64url")
    return `wk_${digest.slice(0, 22)}`
  }
}

function dropOldest(kept: Map<string, unknown>): void {
  const { value } = kept.keys().next()
  if (value !== undefined) kept.delete(value)
}
