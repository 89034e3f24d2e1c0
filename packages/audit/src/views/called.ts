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

/** Words that may follow a table and are no names of it, unless they are quoted. */
const following =
  /^(?:where|on|join|left|right|full|inner|cross|natural|using|group|order|having|limit|offset|fetch|for|union|intersect|except|window|returning|tablesample|from|as)$/i
const naming = new Set(["from", "join", "only", "lateral", "update", "into", "using"])

/**
 * Whether a text may show any column of a table that no plan shows: behind a view, by other names, or all of a row. It errs on the
 * side of yes.
 */
export function mayShowAny(text: string, table: string): boolean {
  const tokens = tokensOf(text)
  const names = tokens?.map(nameOf)
  if (tokens === undefined || names === undefined || !names.includes(table)) return true
  const isAlias = (at: number): boolean =>
    !following.test(tokens[at]?.text ?? "") && names[names[at - 1] === "as" ? at - 2 : at - 1] === table
  const aliases = new Set([table, ...names.flatMap((name, at) => (name !== undefined && isAlias(at) ? name : []))])
  const isNamed = (at: number): boolean => {
    const [previous = "", next = ""] = [tokens[at - 1]?.text.toLowerCase(), tokens[at + 1]?.text.toLowerCase()]
    if (next === ".") return tokens[at + 2]?.text !== "*"
    if (isAlias(at)) return true
    return (
      names[at] === table &&
      (naming.has(previous) || previous === "." || (previous === "," && !/^(?:from|[,):])$/.test(next)))
    )
  }
  return renames(text, aliases) || names.some((name, at) => aliases.has(name ?? "") && !isNamed(at))
}
