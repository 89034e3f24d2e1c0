const quote = 0x22
const newline = 0x0a

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
