import { WardkeepError } from "./errors/wardkeep-error.js"

/** PostgreSQL truncates longer names silently (NAMEDATALEN 64), so we refuse them. */
const maxBytes = 63

/**
 * The only way an identifier enters SQL text: always quoted, never truncated.
 *
 * @throws WK001 empty, longer than 63 bytes, or with a zero byte
 * @example quoteIdent('weird "name"') // "weird ""name"""
 */
export function quoteIdent(name: string): string {
  if (name === "" || name.includes("\0") || byteLength(name) > maxBytes) {
    throw new WardkeepError("WK001", { message: "a PostgreSQL name has 1 to 63 bytes and no zero byte" })
  }
  return `"${name.replaceAll('"', '""')}"`
}

/** A string literal with standard_conforming_strings in mind; backslashes get the E form so that either setting reads the same. */
export function quoteLiteral(value: string): string {
  if (value.includes("\0")) throw new WardkeepError("WK001", { message: "a PostgreSQL text has no zero byte" })
  const quoted = `'${value.replaceAll("'", "''")}'`
  return value.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted
}

/** `schema.table` → its two parts; a bare name takes the default schema. */
export function splitName(name: string, defaultSchema: string): { schema: string; name: string } {
  const dot = name.indexOf(".")
  return dot < 0 ? { schema: defaultSchema, name } : { schema: name.slice(0, dot), name: name.slice(dot + 1) }
}

function byteLength(text: string): number {
  let bytes = 0
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}
