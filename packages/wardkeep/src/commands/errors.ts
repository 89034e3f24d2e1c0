import { type Code, type CodeEntry, codes, isCode, WardkeepError } from "@wardkeep/core"

export interface ExplainedCode extends CodeEntry {
  readonly code: Code
}

/**
 * Explains one code, or all of them.
 *
 * @throws WK009 no such code
 * @example explain("WK101")[0]?.hint
 */
export function explain(code?: string): ExplainedCode[] {
  if (code === undefined) return Object.entries(codes).map(([name, entry]) => ({ code: name as Code, ...entry }))
  const name = code.toUpperCase()
  if (isCode(name)) return [{ code: name, ...codes[name] }]
  throw new WardkeepError("WK009", {
    message: `there is no error code ${code.slice(0, 20)}`,
    hint: "Run `wardkeep errors` for the list.",
  })
}
