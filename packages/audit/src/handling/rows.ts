const quote = 0x22
const newline = 0x0a
const comma = 0x2c

/** Counts the rows of a CSV with a header, as PostgreSQL writes it, however its bytes are cut. */
export function countRows(): { read(chunk: Uint8Array): void; count(): number } {
  let lines = 0
  let isQuoted = false
  return {
    read: (chunk) => {
      for (const byte of chunk) {
        if (byte === quote) isQuoted = !isQuoted
        else if (byte === newline && !isQuoted) lines++
      }
    },
    count: () => Math.max(0, lines - 1),
  }
}

/** Lets the rows through that are of some records. */
export interface NamedRows {
  /** The rows that are whole by now, up to the first of another record. */
  read(chunk: Uint8Array): { readonly whole: Buffer; readonly isForeign: boolean }
}

/** Of a CSV with a header, by the values that may stand in one of its columns. A row that is not whole yet is kept. */
export function namedRows(column: number, values: ReadonlySet<string>): NamedRows {
  let isHeader = true
  let kept = Buffer.alloc(0)
  return {
    read: (chunk) => {
      const bytes = Buffer.concat([kept, chunk])
      let [start, isForeign, isQuoted] = [0, false, false]
      for (let at = 0; at < bytes.length && !isForeign; at++) {
        if (bytes[at] === quote) isQuoted = !isQuoted
        if (bytes[at] !== newline || isQuoted) continue
        isForeign = !isHeader && !values.has(fieldOf(bytes.subarray(start, at), column))
        isHeader = false
        if (!isForeign) start = at + 1
      }
      kept = bytes.subarray(start)
      return { whole: bytes.subarray(0, start), isForeign }
    },
  }
}

/** One field as it was before it was written; empty where it is null. */
function fieldOf(row: Buffer, column: number): string {
  let [field, start, isQuoted] = [0, 0, false]
  for (let at = 0; at <= row.length; at++) {
    if (row[at] === quote) isQuoted = !isQuoted
    if (at < row.length && (row[at] !== comma || isQuoted)) continue
    if (field++ === column) return unquoted(row.toString("utf8", start, at))
    start = at + 1
  }
  return ""
}

function unquoted(field: string): string {
  return field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
}
