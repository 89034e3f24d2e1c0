import { existsSync } from "node:fs"

/** The conformance report that somebody made of this database; without one there is no menu entry. */
export function reportFile(): string | undefined {
  const file = process.env.CONFORMANCE_REPORT
  return file !== undefined && existsSync(file) ? file : undefined
}
