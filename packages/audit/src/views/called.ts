import { kept } from "./source-names.js"
import { type Token, tokensOf } from "./tokens.js"

/** The name that a token is, as the catalog has it. */
function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === "word") return kept(token.text.toLowerCase())
  return token?.kind === "name" ? kept(token.text.slice(1, -1).replaceAll('""', '"')) : undefined
}

/** The names that stand before a parenthesis; where the text is not clear, every word of it. */
export function calledIn(text: string): Set<string> {
  const tokens = tokensOf(text)
  if (tokens === undefined) return new Set(text.toLowerCase().match(/[\w$\u0080-\uffff]+/g))
  return new Set(tokens.flatMap(({ text: part }, at) => (part === "(" ? (nameOf(tokens[at - 1]) ?? []) : [])))
}

/** Whether a text gives other names to the columns of what has one of these: `patient p (a, b)`, and not `into patient (a, b)`. */
export function renames(text: string, aliases: ReadonlySet<string>): boolean {
  const tokens = tokensOf(text)
  if (tokens === undefined) return [...aliases].some((alias) => before(alias).test(text))
  return tokens.some(({ text: part }, at) => {
    if (part !== "(" || !aliases.has(nameOf(tokens[at - 1]) ?? "")) return false
    return !isTarget(tokens, at - 1)
  })
}

const before = (alias: string): RegExp =>
  new RegExp(
    `(?<![\\w$])${alias.replaceAll('"', '""').replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}"?\\s*(?:\\(|/\\*|--)`,
    "i",
  )

/** Whether the name that ends here is what an INSERT writes to. */
function isTarget(tokens: readonly Token[], end: number): boolean {
  let at = end
  const isWord = (place: number, word: string): boolean => tokens[place]?.text.toLowerCase() === word
  if (isWord(at - 1, "as")) at -= 2
  while (isWord(at - 1, ".")) at -= 2
  return isWord(at - 1, "into") && !isWord(at - 2, ".")
}
