import { WardkeepError } from "@wardkeep/core"

export interface Line {
  /** Counted from 1, as a sheet shows it. */
  readonly number: number
  readonly fields: readonly string[]
}

/** Starts that a spreadsheet would run as a formula. */
const formula = /^[=+\-@\t\r]/

/**
 * RFC 4180; a text that a spreadsheet would run as a formula gets an apostrophe before it.
 *
 * @example writeCsv([["actor", "role"], ["asha", "doctor"]]) // "actor,role\r\nasha,doctor\r\n"
 */
export function writeCsv(lines: readonly (readonly string[])[]): string {
  const field = (text: string): string => {
    const safe = formula.test(text) || text.startsWith("'") ? `'${text}` : text
    return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return lines.map((fields) => `${fields.map(field).join(",")}\r\n`).join("")
}

/**
 * Reads RFC 4180 with either line end and a byte order mark; empty lines are left out, and the apostrophe of
 * {@link writeCsv} is taken off.
 *
 * @throws WK001 a quote that does not end, or text after one
 * @example readCsv("actor,role\r\nasha,doctor\r\n")[1]?.fields // ["asha", "doctor"]
 */
export function readCsv(text: string): Line[] {
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/gy
  const input = text.replace(/^\uFEFF/, "")
  const lines: Line[] = []
  let fields: string[] = []
  let number = 1
  let begins = 1
  while (pattern.lastIndex <= input.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(input)
    if (match === null)
      throw new WardkeepError("WK001", {
        message: `line ${number} of the sheet: a quote is out of place`,
        hint: "Write it again with a spreadsheet program, as CSV.",
      })
    const [whole, quoted, bare = "", end] = match
    fields.push((quoted === undefined ? bare : quoted.replaceAll('""', '"')).replace(/^'/, ""))
    number += (whole.match(/\r\n|\n|\r/g) ?? []).length
    if (end !== ",") {
      if (fields.length > 1 || fields[0] !== "") lines.push({ number: begins, fields })
      fields = []
      begins = number
    }
    if (end === "" || pattern.lastIndex === at) break
  }
  return lines
}
