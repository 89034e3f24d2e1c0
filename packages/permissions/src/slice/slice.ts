import { type Action, actions, canonicalJson } from "@wardkeep/core"
import type { Matrix } from "../matrix/matrix.js"
import { hash64 } from "./hash.js"

/** What a user interface may know about a role: booleans only, never a condition or a column's reason. */
export interface Slice {
  readonly role: string
  /** By `schema.table`: what could be done with some row. */
  readonly could: Readonly<Record<string, Readonly<Record<Action, boolean>>>>
  /** By `schema.table`: the columns that could be read and changed, as far as the matrix knows columns. */
  readonly columns: Readonly<Record<string, { readonly read: readonly string[]; readonly update: readonly string[] }>>
  /** Quoted, ready for the header; it changes with what the slice says. */
  readonly etag: string
}

/**
 * Cuts one role's part out of the matrix, for menus and buttons. A true means "for some row": the database decides about
 * the row. An unknown role gets a slice without tables.
 *
 * @example
 * const { could, etag } = slice(matrix, "reception")
 * if (could["public.invoice"]?.delete) console.log("show the button")
 */
export function slice<Role extends string>(matrix: Matrix<string, Role>, role: Role): Slice {
  const id = matrix.role(role)
  const could: Record<string, Record<Action, boolean>> = {}
  const columns: Record<string, { read: string[]; update: string[] }> = {}
  for (const [table, names] of matrix.columns) {
    const held = actions.map((action): [Action, boolean] => [action, matrix.could(id, matrix.cell(table, action))])
    if (!held.some(([, holds]) => holds)) continue
    could[table] = Object.fromEntries(held) as Record<Action, boolean>
    const of = (action: Action): string[] => names.filter((name) => matrix.could(id, matrix.cell(table, action, name)))
    columns[table] = { read: of("read"), update: of("update") }
  }
  return { role, could, columns, etag: `"wk-${hash64(canonicalJson({ role, could, columns }))}"` }
}
