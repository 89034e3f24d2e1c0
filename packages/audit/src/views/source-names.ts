import { tokensOf } from "./tokens.js"

/** Behind these a table is named, and behind FROM also after a comma. */
const before = new Set(["from", "join", "only", "lateral", "table", "using", "update", "into"])
const closing = new Set([
  "where",
  "select",
  "group",
  "order",
  "having",
  "limit",
  "offset",
  "union",
  "returning",
  "set",
  "values",
])

/**
 * The names, as the catalog has them, that stand where a text may name a table; also schemas, and columns behind a `from` that is none.
 * Undefined where the text is not clear.
 */
export function sourceNames(text: string): Set<string> | undefined {
  const tokens = tokensOf(text)
  if (tokens === undefined) return undefined
  const found = new Set<string>()
  const outer: boolean[] = []
  let [inFrom, mayName, wasNamed] = [false, false, false]
  for (const { kind, text: part } of tokens) {
    const word = kind === "word" ? part.toLowerCase() : ""
    const isNamed = mayName && (kind === "name" || (kind === "word" && !before.has(word) && !closing.has(word)))
    if (isNamed) found.add(kept(kind === "name" ? part.slice(1, -1).replaceAll('""', '"') : word))
    if (part === "(") outer.push(inFrom)
    if (part === ")") inFrom = outer.pop() ?? inFrom
    if (word === "from") inFrom = true
    if (closing.has(word)) inFrom = false
    mayName = before.has(word) || (part === "." && wasNamed) || (part === "," && inFrom) || (part === "(" && mayName)
    wasNamed = isNamed
  }
  return found
}

/** PostgreSQL keeps 63 bytes of a name. */
export function kept(name: string): string {
  return Buffer.byteLength(name) <= 63
    ? name
    : Buffer.from(name)
        .subarray(0, 63)
        .toString()
        .replace(/\ufffd+$/, "")
}
