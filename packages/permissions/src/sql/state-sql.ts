import { quoteIdent, quoteLiteral, type State, WardkeepError } from "@wardkeep/core"
import { type ColumnTypes, type KnownType, typeOf, wrongType } from "./column-types.js"

const integers: Readonly<Record<string, number>> = {
  smallint: 32_767,
  integer: 2_147_483_647,
  bigint: Number.MAX_SAFE_INTEGER,
}

/** `column = any (constant array)`, in the type of the column: an enum value that does not exist is found here, not by a row. */
export function stateSql(state: State, table: string, types: ColumnTypes): string {
  const type = typeOf(types, table, state.column)
  const values = state.in.map((value) => literal(value, type, state.column, table))
  const base = type.base === "character varying" ? "text" : type.base
  return `${quoteIdent(state.column)} = any (array[${values.join(", ")}]::${base}[])`
}

function literal(value: string | number | boolean, { base, labels }: KnownType, column: string, table: string): string {
  if (typeof value === "boolean") {
    if (base !== "boolean") throw wrongType(table, column, base, "the state is true or false")
    return String(value)
  }
  if (typeof value === "number") {
    const most = integers[base]
    if (most === undefined) throw wrongType(table, column, base, "the state is an integer")
    if (Math.abs(value) > most) throw wrongType(table, column, base, `${value} does not fit`)
    return String(value)
  }
  if (labels !== undefined) {
    if (!labels.includes(value))
      throw new WardkeepError("WK002", {
        message: `${table}.${column} has no state ${value}; there are ${labels.join(", ")}`,
      })
  } else if (base !== "text" && base !== "character varying")
    throw wrongType(table, column, base, "the state is a text")
  return quoteLiteral(value)
}
