import { type Policy, splitName, WardkeepError } from "@wardkeep/core"
import { databaseRole } from "../../compile/actors.js"
import type { HiddenColumn } from "../../compile/hidden-mark.js"
import type { Context } from "../../context/context.js"
import type { Ask } from "../observe.js"
import type { Refusals } from "../refusals.js"
import type { Text } from "../statements.js"
import { hiddenUse } from "./plan-uses.js"

type Use = HiddenColumn | "none" | undefined

interface Court {
  readonly refusals: Pick<Refusals, "note">
  askFor(context: Context): Ask
}

/**
 * Refuses statements that decide by columns which the role's views hide. Asked of PostgreSQL once per text and role, by the
 * plan; nothing is asked where the text names no such view.
 */
export class HiddenColumns {
  readonly #court: Court
  readonly #partial: PartialTables
  readonly #asked = new Map<string, Promise<Use>>()

  constructor(court: Court, partial: PartialTables) {
    this.#court = court
    this.#partial = partial
  }

  /** undefined where it is known that nothing stands against the text. @throws WK117 (later) a hidden column decides */
  check(context: Context, text: Text, parameters: number): Promise<void> | undefined {
    const { dbRole } = context
    const tables = this.#partial.get(dbRole)
    if (tables === undefined || text.cleared.has(dbRole)) return undefined
    if (!names(text.text, tables)) {
      text.cleared.add(dbRole)
      return undefined
    }
    const checked = this.#checked(context, text, parameters)
    // A value that cannot be sent ends the call before anybody waits for this.
    checked.catch(() => undefined)
    return checked
  }

  /** A refusal is asked again each time: the column may have been shown since. */
  async #checked(context: Context, text: Text, parameters: number): Promise<void> {
    const use = await this.#once(context, text, parameters)
    if (use === "none") text.cleared.add(context.dbRole)
    else if (use !== undefined) {
      const error = refused(use, context.role)
      this.#court.refusals.note(context, error, text.text)
      throw error
    }
  }

  /** One answer for all who ask the same at once. Who asked first may lose the context; that is nobody else's error. */
  async #once(context: Context, text: Text, parameters: number): Promise<Use> {
    const key = `${context.dbRole} ${text.text}`
    const asked = this.#asked.get(key)
    if (asked !== undefined) {
      const answer = await asked.catch(() => undefined)
      if (answer !== undefined) return answer
    }
    const found = this.#find(context, text, parameters)
    this.#asked.set(key, found)
    try {
      return await found
    } finally {
      if (this.#asked.get(key) === found) this.#asked.delete(key)
    }
  }

  /** undefined where the text cannot be planned now: what is wrong with it the statement says itself. */
  async #find(context: Context, { text }: Text, parameters: number): Promise<Use> {
    try {
      return hiddenUse(await this.#court.askFor(context).plan(text, parameters), parameters) ?? "none"
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : ""
      if (/^[0-9A-Z]{5}$/.test(code) && !unanswered.test(code)) return undefined
      throw error
    }
  }
}

/** The server was not reached, or had no room or time: the text may be one to refuse. Any other error is of the text or the context. */
const unanswered = /^(?:08|40|53|55|57|58|XX|WK005|WK009|WK109|WK111)/

function names(text: string, tables: readonly string[]): boolean {
  const folded = text.toLowerCase()
  return tables.some((table) => folded.includes(table)) || /u&\s*"/i.test(text)
}

/** By role of the database: the tables, in lower case, that it reads in part, so that a view may stand before them. */
export type PartialTables = ReadonlyMap<string, readonly string[]>

export function partialTables(policy: Policy): PartialTables {
  const roles = new Map<string, string[]>()
  for (const actor of policy.actors) {
    const tables = [...actor.can].flatMap(([table, { rules }]) =>
      rules.read === undefined || rules.read.columns === "all"
        ? []
        : [splitName(table, policy.schema).name.toLowerCase()],
    )
    if (tables.length > 0) roles.set(databaseRole(policy, actor), tables)
  }
  return roles
}

function refused({ relation, column }: HiddenColumn, role: string): WardkeepError {
  return new WardkeepError("WK117", {
    message: `${relation}.${column} is hidden from the role ${role}, and the statement decides or computes by it`,
  })
}
