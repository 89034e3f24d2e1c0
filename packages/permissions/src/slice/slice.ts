import { type Action, type Actor, actions, canonicalJson } from "@wardkeep/core"
import { isHandling } from "../matrix/cells.js"
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

export interface SliceOptions {
  /**
   * What the tenant took from the role at run time, as `takenFromRole` of `wardkeep` reads it in the context: `role`,
   * `purpose <name>` or `<action> <schema.table>`. Default: nothing.
   */
  readonly taken?: readonly string[]
}

/**
 * Cuts one role's part out of the matrix, for menus and buttons. A true means "for some row": the database decides about
 * the row. An unknown role gets a slice without tables.
 *
 * @example
 * const { could, etag } = slice(matrix, "reception", { taken: ["delete public.invoice"] })
 * console.log(could["public.invoice"]?.delete) // false: no button
 */
export function slice<Role extends string>(
  matrix: Matrix<string, Role>,
  role: Role,
  { taken = [] }: SliceOptions = {},
): Slice {
  const id = matrix.role(role)
  const actor = matrix.policy.actors.find(({ kind, name }) => kind === "role" && name === role)
  const could: Record<string, Record<string, boolean>> = {}
  const columns: Record<string, { read: string[]; update: string[] }> = {}
  for (const [table, names] of matrix.columns) {
    const may = (action: Action, column?: string): boolean =>
      matrix.could(id, matrix.cell(table, action, column)) && !isTaken(actor, table, action, taken)
    const held = actions.map((action): [Action, boolean] => [action, may(action)])
    if (!held.some(([, holds]) => holds)) continue
    could[table] = Object.fromEntries(held)
    const of = (action: Action): string[] => names.filter((name) => may(action, name))
    columns[table] = { read: of("read"), update: of("update") }
  }
  return {
    role,
    could: could as Slice["could"],
    columns,
    etag: `"wk-${hash64(canonicalJson({ role, could, columns }))}"`,
  }
}

/** As the database has it: no command aims at rows that may not be read, and a cell needs one of its purposes. */
function isTaken(actor: Actor | undefined, table: string, action: Action, taken: readonly string[]): boolean {
  const rules = actor?.can.get(table)?.rules
  const needsRead = action === "update" || action === "delete" || isHandling(action)
  const isGone = (one: Action): boolean => {
    const purposes = rules?.[one]?.purposes ?? actor?.purposes ?? []
    return taken.includes(`${one} ${table}`) || purposes.every((purpose) => taken.includes(`purpose ${purpose}`))
  }
  return taken.includes("role") || isGone(action) || (needsRead && isGone("read"))
}
