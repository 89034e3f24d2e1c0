import { type Action, type Actor, actions, type Policy, splitName, wallOf } from "@wardkeep/core"
import type { ColumnTypes } from "../sql/column-types.js"
import { columnsOf, effective } from "./cells.js"
import { checkColumns } from "./check-columns.js"

declare const role: unique symbol
declare const cell: unique symbol

/** A role, looked up once. Zero is a role that may do nothing. */
export type RoleId = number & { readonly [role]: true }

/** A table, an action and perhaps a column, looked up once. Zero is a cell that nobody holds. */
export type CellId = number & { readonly [cell]: true }

export interface MatrixOptions {
  /** The columns of the tables, with types. With them, names that do not exist are an error and not just a denial. */
  readonly columnTypes?: ColumnTypes
  /** The key column of the tenant table. Default: `id`. */
  readonly tenantKey?: string
}

interface Place {
  readonly first: number
  readonly columns: ReadonlyMap<string, number>
}

const width = actions.length
const bitOf = new Map<string, number>(actions.map((action, index) => [action, index]))

/** The compiled policy: two bits for every role, table, action and column. Made by {@link compileMatrix}. */
export class Matrix<Table extends string = string, Role extends string = string> {
  readonly policy: Policy
  readonly tenantKey: string
  /** The columns of a table as the matrix knows them. */
  readonly columns: ReadonlyMap<string, readonly string[]>
  /** By qualified name and, in the policy's own schema, by the bare one. */
  readonly #places = new Map<string, Place>()
  readonly #roles = new Map<string, number>()
  readonly #services = new Map<string, number>()
  readonly #words: number
  readonly #always: Uint32Array
  readonly #sometimes: Uint32Array

  /** @internal */
  constructor(policy: Policy, columns: ReadonlyMap<string, readonly string[]>, tenantKey: string) {
    this.policy = policy
    this.columns = columns
    this.tenantKey = tenantKey
    let next = width
    for (const [table, names] of columns) {
      const place = { first: next, columns: new Map(names.map((name, index) => [name, index + 1])) }
      this.#places.set(table, place)
      if (table.startsWith(`${policy.schema}.`)) this.#places.set(table.slice(policy.schema.length + 1), place)
      next += width * (names.length + 1)
    }
    this.#words = Math.ceil(next / 32)
    for (const [index, actor] of policy.actors.entries()) this.#ids(actor.kind).set(actor.name, index + 1)
    this.#always = new Uint32Array(this.#words * (policy.actors.length + 1))
    this.#sometimes = new Uint32Array(this.#always.length)
    for (const actor of policy.actors) this.#fill(actor)
  }

  /** Looks a role up; keep the result. An unknown name gives the role that may do nothing. */
  role(name: Role, kind: Actor["kind"] = "role"): RoleId {
    return (this.#ids(kind).get(name) ?? 0) as RoleId
  }

  /** Looks a cell up; keep the result. Unknown tables, actions and columns give the cell that nobody holds. */
  cell(table: Table, action: Action, column?: string): CellId {
    const bit = bitOf.get(action)
    const place = this.#places.get(table)
    if (bit === undefined || place === undefined) return 0 as CellId
    const index = column === undefined ? 0 : place.columns.get(column)
    return (index === undefined ? 0 : place.first + index * width + bit) as CellId
  }

  /**
   * True when the role may always do this: no condition, purpose, second factor or consent is left to ask. Without a column, when
   * it holds for at least one column. One look-up in a bitset; the rest is {@link decide}.
   */
  can(role: RoleId, cell: CellId): boolean {
    return (((this.#always[role * this.#words + (cell >>> 5)] ?? 0) >>> (cell & 31)) & 1) === 1
  }

  /** True when the role may do this with some row, for some purpose, with a fresh second factor: what a menu asks. */
  could(role: RoleId, cell: CellId): boolean {
    return (((this.#sometimes[role * this.#words + (cell >>> 5)] ?? 0) >>> (cell & 31)) & 1) === 1
  }

  /** {@link can} by names, for the places where speed does not matter. Unknown anything is false. */
  allows(role: Role, table: Table, action: Action, column?: string): boolean {
    return this.can(this.role(role), this.cell(table, action, column))
  }

  /** `patient` → `public.patient`. */
  qualify(table: string): string {
    const { schema, name } = splitName(table, this.policy.schema)
    return `${schema}.${name}`
  }

  #ids(kind: Actor["kind"]): Map<string, number> {
    return kind === "role" ? this.#roles : this.#services
  }

  #fill(actor: Actor): void {
    const row = (this.#ids(actor.kind).get(actor.name) ?? 0) * this.#words
    for (const [table, permission] of actor.can) {
      const place = this.#places.get(table)
      if (place === undefined) continue
      // The consent ledger is left to ask: see decide.
      const waits =
        this.policy.tables.get(table)?.subject !== undefined &&
        actor.purposes.some((purpose) => wallOf(this.policy.purposes.get(purpose)) !== null)
      for (const [bit, action] of actions.entries()) {
        const given = effective(permission, action)
        if (given === null || given.columns.length === 0) continue
        const set = (index: number): void => {
          const at = place.first + index * width + bit
          const word = row + (at >>> 5)
          this.#sometimes[word] = (this.#sometimes[word] ?? 0) | (1 << (at & 31))
          if (!given.guarded && !waits) this.#always[word] = (this.#always[word] ?? 0) | (1 << (at & 31))
        }
        set(0)
        // Rows are deleted whole.
        if (action === "delete") continue
        for (const [column, index] of place.columns)
          if (given.columns === "all" || given.columns.includes(column)) set(index)
      }
    }
  }
}

/**
 * Compiles a policy into bits. Without `columnTypes` the matrix knows only the columns that the policy file names, and
 * denies the others.
 *
 * @throws WK002 a cell or a condition names a table, a column or a type that the given columns do not have
 * @example
 * const matrix = compileMatrix(policy)
 * const doctor = matrix.role("doctor") // once per session
 * const readNotes = matrix.cell("clinical_note", "read") // once per handler
 * if (matrix.can(doctor, readNotes)) console.log("always")
 */
export function compileMatrix<Table extends string, Purpose extends string, Role extends string>(
  policy: Policy<Table, Purpose, Role>,
  { columnTypes, tenantKey = "id" }: MatrixOptions = {},
): Matrix<Table, Role> {
  if (columnTypes !== undefined) checkColumns(policy, columnTypes)
  return new Matrix<Table, Role>(policy, columnsOf(policy, columnTypes), tenantKey)
}
