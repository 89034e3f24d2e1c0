import type pg from "pg"

/** 42501 and the like name objects only; what a host raises itself is the host's business. */
const namesOnly = /^(?:42501|P0|40|53|55|57)/
const ours = "…"

/**
 * What a text that is made of rows while a statement runs, or a name that is looked up then, is told by its code: PostgreSQL
 * prints operators, functions and names with dots without quotes, so that no part of its sentence is known to be its own.
 */
const sentences: ReadonlyMap<string, string> = new Map([
  ["42601", `syntax error at or near "${ours}"`],
  ["42602", "invalid name syntax"],
  ["42703", `column "${ours}" does not exist`],
  ["42704", `object "${ours}" does not exist`],
  ["42725", "function or operator is not unique"],
  ["42883", "function or operator does not exist"],
  ["42P01", `relation "${ours}" does not exist`],
])
const otherwise = "what the statement asked for while it ran is not possible"

/** Of a text that was never run, although PostgreSQL names no place in it; or without anything of a row. */
const plain =
  /^(?:there is no unique or exclusion constraint matching the ON CONFLICT specification|could not determine data type of parameter \$\d+|could not determine which collation to use for [a-z ()]+|cannot insert multiple commands into a prepared statement|infinite recursion detected in (?:policy|rules) for relation "[^"]*")$/

/**
 * Takes row values out of an error. PostgreSQL prints them in `detail` and `where`, and in the message inside quotes or behind
 * a colon: a cast of a hidden column prints another branch's row. Quoted text stays only where it is the name of an object, or
 * stands in the statement and the statement was never run: otherwise a guess in it would be confirmed.
 */
export function redact(error: pg.DatabaseError, text: string): void {
  // A place in the statement itself is named by errors of reading it only.
  const unread = error.position !== undefined && error.internalPosition === undefined
  Object.assign(error, { detail: undefined, where: undefined, internalQuery: undefined, internalPosition: undefined })
  const said = unread ? error.message : whileRunning(error)
  if (said !== error.message) error.hint = undefined
  const message = redactMessage(error, said, unread ? text : "")
  if (message === error.message) return
  // The stack repeats the message in its first line.
  if (error.stack !== undefined) error.stack = error.stack.replace(error.message, () => message)
  error.message = message
}

function whileRunning({ code = "", message }: pg.DatabaseError): string {
  if (namesOnly.test(code) || code.startsWith("23")) return message
  if (code.startsWith("42")) return plain.test(message) ? message : (sentences.get(code) ?? otherwise)
  return shortened(message)
}

/** The value comes last and may itself hold quotes; also `invalid byte sequence …: 0xff`. */
function shortened(message: string): string {
  return message.replace(/: .*$/s, `: "${ours}"`)
}

function redactMessage(error: pg.DatabaseError, message: string, text: string): string {
  const code = error.code ?? ""
  if (namesOnly.test(code)) return message
  const names = new Set([error.constraint, error.table, error.column, error.schema, error.dataType])
  const short = code.startsWith("22") ? shortened(message) : message
  const known = (inside: string): boolean =>
    inside === ours || names.has(inside) || (!code.startsWith("22") && inside !== "" && text.includes(inside))
  for (const { 0: whole, 1: inside = "", index } of short.matchAll(/"([^"]*)"/gs)) {
    // A value may hold quotes, so that what stands between two pairs is a part of it: all up to the last one goes.
    if (!known(inside) || /[^\s,;.:)]/.test(short.charAt(index + whole.length)))
      return `${short.slice(0, index)}"${ours}"${short.slice(short.lastIndexOf('"') + 1)}`
  }
  return short
}
