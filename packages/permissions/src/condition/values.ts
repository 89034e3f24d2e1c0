import type { Row, Value } from "./context.js"

/** Own members only: a row has no column `constructor`. */
export function columnValue(row: Row, column: string): Value {
  return Object.hasOwn(row, column) ? row[column] : undefined
}

/** The text PostgreSQL would print for a key, or null for what is no key. */
export function keyText(value: Value): string | null {
  if (typeof value === "string") return value
  if (typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value))) return String(value)
  return null
}

const withZone = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)$/

/** Milliseconds of a moment, or null: a text without a zone is no moment, nor are the infinities. */
export function moment(value: Value): number | null {
  let time = Number.NaN
  if (value instanceof Date) time = value.getTime()
  else if (typeof value === "string" && withZone.test(value))
    time = Date.parse(value.replace(" ", "T").replace(/([+-]\d{2})$/, "$1:00"))
  return Number.isNaN(time) ? null : time
}
