/** Of PostgreSQL itself and the extensions beside it: they run a text, or read a table by its name. What they do stands in no plan. */
export const runsText: readonly string[] = [
  "(?:query|table|cursor|schema|database)_to_xml\\w*",
  "ts_stat",
  "ts_rewrite",
  "crosstab\\w*",
  "connectby",
  "xpath_table",
  "dblink\\w*",
]

/**
 * Functions of PostgreSQL that keep what they are given where a later statement finds it: a setting, a large object, a lock's number, the
 * beginning of random numbers, a message; or run a text that does. Rows can leave through them although the statement returns none. An
 * identifier in Unicode escapes could be any of them.
 */
const keeps = [
  "set_config",
  "setval",
  "setseed",
  "lo_\\w+",
  "lowrite",
  "pg_notify",
  "pg_logical_emit_message",
  "pg_(?:try_)?advisory_\\w+",
]
const carries = new RegExp(`(?<![\\w$])(?:${[...keeps, ...runsText].join("|")})(?![\\w$])|\\bu&\\s*"`, "i")

/** They are given nothing, and tell how often they were called, or whether at all. */
const counts =
  /(?<![\w$])(?:random\w*|normal_rand|nextval|array_sample|array_shuffle|txid_current|pg_current_xact_id)"?\s*(?:\(|\/\*|--)/i
const asks = /\b(?:select|table|update|delete|merge)\b/i

/** Whether a text, or what a plan evaluates, calls such a function. */
export function carriesOut(text: string): boolean {
  return carries.test(text)
}

/** Whether a write that returns nothing may tell by such a call which rows there were; an INSERT of plain values asks for none. */
export function mayCount(text: string): boolean {
  return counts.test(text) && asks.test(text)
}
