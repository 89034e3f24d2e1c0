import { WardkeepError } from "@wardkeep/core"

/** A column as the catalog knows it. */
export interface ColumnType {
  /** As `format_type` prints it: `uuid`, `bigint`, `character varying(20)`, `visit_state`. */
  readonly type: string
  /** Labels, when the type is an enum. */
  readonly labels?: readonly string[]
  /** False where its collation takes different texts for the same, which no condition may rest on. Default true. */
  readonly exact?: boolean
}

/** Qualified table names → column names → types. Every table that a condition mentions must be there. */
export type ColumnTypes = ReadonlyMap<string, ReadonlyMap<string, ColumnType>>

/** A type without its length, and the enum labels. */
export interface KnownType {
  readonly base: string
  readonly labels: readonly string[] | undefined
}

/** @throws WK002 the database has no such table or column, or its collation is not deterministic */
export function typeOf(types: ColumnTypes, table: string, column: string): KnownType {
  const columns = types.get(table)
  if (columns === undefined)
    throw new WardkeepError("WK002", { message: `a condition names the table ${table}, which is not there` })
  const found = columns.get(column)
  if (found === undefined)
    throw new WardkeepError("WK002", {
      message: `a condition names the column ${column} of ${table}, which is not there`,
    })
  if (found.exact === false)
    throw new WardkeepError("WK002", {
      message: `${table}.${column} has a collation that takes different texts for the same; a condition needs a deterministic one`,
    })
  return { base: found.type.replace(/\(\d+(,\d+)?\)/, ""), labels: found.labels }
}

/** Types whose equality is leakproof, and whose text is the same in both layers. */
export const keyTypes = ["uuid", "bigint", "integer", "smallint", "text", "character varying"] as const

export type KeyType = (typeof keyTypes)[number]

/** @throws WK002 the column's type cannot be compared with a key */
export function keyTypeOf(types: ColumnTypes, table: string, column: string): KeyType {
  const { base } = typeOf(types, table, column)
  const found = keyTypes.find((type) => type === base)
  if (found === undefined)
    throw wrongType(table, column, base, `a column that holds a key is one of ${keyTypes.join(", ")}`)
  return found
}

/**
 * `timestamp` without a zone means another moment in every session.
 *
 * @throws WK002 not a timestamptz
 */
export function checkMoment(types: ColumnTypes, table: string, column: string): void {
  const { base } = typeOf(types, table, column)
  const plain = base.replace(/\(\d\)/, "")
  if (plain !== "timestamp with time zone")
    throw wrongType(table, column, base, "a time window needs timestamp with time zone")
}

export function wrongType(table: string, column: string, type: string, why: string): WardkeepError {
  return new WardkeepError("WK002", { message: `${table}.${column} has the type ${type}; ${why}` })
}
