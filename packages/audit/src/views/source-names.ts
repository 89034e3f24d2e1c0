import { tokensOf } from "./tokens.js"

/** Behind these a table is named, and behind FROM also after a comma. */
const before = new Set(["from", "join", "only", "lateral", "table", "using", "update", "into"])
/** They end FROM, and are names only behind a dot or AS. */
const closing = new Set([
  "where",
  "select",
  "group",
  "order",
  "having",
  "limit",
  "offset",
  "union",
  "intersect",
  "except",
  "returning",
])

/** Whether a word is one of the language here: it is none behind a dot or AS, nor `group` where an aggregate is ordered. */
function ends(word: string, previous: string, beforeIt: string): boolean {
  if (word === "set") return previous === "update" && beforeIt === "do"
  if (word === "values") return previous === "("
  return closing.has(word) && previous !== "." && previous !== "as" && !(word === "group" && previous === "within")
}

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
  let [previous, beforeIt] = ["", ""]
  for (const { kind, text: part } of tokens) {
    const word = kind === "word" ? part.toLowerCase() : ""
    const isReserved = previous !== "." && (closing.has(word) || (before.has(word) && word !== "update"))
    const isNamed = mayName && (kind === "name" || (kind === "word" && !isReserved))
    if (isNamed) found.add(kept(kind === "name" ? part.slice(1, -1).replaceAll('""', '"') : word))
    if (part === "(") outer.push(inFrom)
    if (part === ")") inFrom = outer.pop() ?? inFrom
    if (word === "from") inFrom = true
    if (ends(word, previous, beforeIt)) inFrom = false
    mayName = before.has(word) || (part === "." && wasNamed) || (part === "," && inFrom) || (part === "(" && mayName)
    wasNamed = isNamed
    beforeIt = previous
    previous = word === "" ? part : word
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
