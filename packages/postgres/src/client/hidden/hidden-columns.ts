import { WardkeepError } from "@wardkeep/core"
import type { HiddenColumn } from "../../compile/hidden-mark.js"
import type { Context } from "../../context/context.js"
import type { Ask } from "../observe.js"
import type { Text } from "../statements.js"
import { hiddenUse } from "./plan-uses.js"

interface Court {
  askFor(context: Context): Ask
}

/** Views that stand before tables for the role in force; they are in a schema of its name. */
const viewsQuery = `
select c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where n.nspname = pg_catalog.current_setting('role') and c.relkind = 'v'`

/**
 * Refuses statements that decide by columns which the role's views hide. Asked of PostgreSQL once per text and role, by the
 * plan; nothing is asked where the text names no such view.
 */
export class HiddenColumns {
  readonly #court: Court
  readonly #views = new Map<string, Promise<readonly string[]>>()

  constructor(court: Court) {
    this.#court = court
  }

  /** undefined where it is known that nothing stands against the text. @throws WK117 (later) a hidden column decides */
  check(context: Context, text: Text, parameters: number): Promise<void> | undefined {
    const known = text.hidden.get(context.dbRole)
    if (known === "none") return undefined
    return this.#checked(context, text, parameters)
  }

  async #checked(context: Context, text: Text, parameters: number): Promise<void> {
    const { dbRole, role } = context
    let use = text.hidden.get(dbRole)
    if (use === undefined) {
      use = await this.#find(context, text, parameters)
      if (use !== undefined) text.hidden.set(dbRole, use)
    }
    if (use !== undefined && use !== "none") throw refused(use, role)
  }

  /** undefined where the text cannot be planned now: what is wrong with it the statement says itself. */
  async #find(context: Context, { text }: Text, parameters: number): Promise<HiddenColumn | "none" | undefined> {
    const ask = this.#court.askFor(context)
    const views = await this.#viewsOf(context.dbRole, ask)
    const folded = text.toLowerCase()
    const named = /u&\s*"/i.test(text) || views.some((name) => folded.includes(name))
    if (views.length === 0 || !named) return "none"
    try {
      return hiddenUse(await ask.plan(text, parameters), parameters) ?? "none"
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : ""
      if (/^(?:42|0A|22)/.test(code)) return undefined
      throw error
    }
  }

  /** One that fails says nothing to others than who asked: their session may have ended. */
  async #viewsOf(dbRole: string, ask: Ask): Promise<readonly string[]> {
    const known = this.#views.get(dbRole)
    if (known !== undefined) return await known.catch(() => this.#read(dbRole, ask))
    return await this.#read(dbRole, ask)
  }

  #read(dbRole: string, ask: Ask): Promise<readonly string[]> {
    const coming = ask
      .query<{ name: string }>(viewsQuery, [])
      .then((rows) => rows.map(({ name }) => name.toLowerCase()))
    this.#views.set(dbRole, coming)
    coming.catch(() => {
      if (this.#views.get(dbRole) === coming) this.#views.delete(dbRole)
    })
    return coming
  }
}

function refused({ relation, column }: HiddenColumn, role: string): WardkeepError {
  return new WardkeepError("WK117", {
    message: `${relation}.${column} is hidden from the role ${role}, and the statement decides or computes by it`,
  })
}
