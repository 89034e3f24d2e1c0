import { tokensOf } from "./tokens.js"

/** Where the parts of a statement stand that is one SELECT with a FROM: offsets into its text. */
export interface SelectText {
  readonly text: string
  /** Behind SELECT. */
  readonly begin: number
  /** Behind SELECT, ALL or DISTINCT. */
  readonly list: number
  readonly from: number
  /** What follows FROM and WHERE, or the end. */
  readonly tail: number
  /** ORDER BY, LIMIT and what follows them, or the end. */
  readonly order: number
  /** Equal rows are one. `DISTINCT ON` is not meant: it chooses rows. */
  readonly distinct: boolean
  /** GROUP BY, HAVING or WINDOW. */
  readonly grouped: boolean
}

interface Word {
  readonly word: string
  readonly start: number
  readonly end: number
}

const setOperations = new Set(["union", "intersect", "except", "into"])
const groups = new Set(["group", "having", "window"])
const orders = new Set(["order", "limit", "offset", "fetch", "for"])

/**
 * Finds the parts of a text. It proposes only: where it were wrong, what is made of them is another statement, and what PostgreSQL
 * says of that one does not fit. Undefined for anything but one SELECT … FROM that may follow a WITH.
 */
export function selectText(text: string): SelectText | undefined {
  const words = outerWords(text)
  const at = words?.findIndex(({ word }) => word === "select") ?? -1
  if (words === undefined || at < 0 || (at > 0 && words[0]?.word !== "with")) return undefined
  const [select, ...rest] = words.slice(at) as [Word, ...Word[]]
  if (rest.some(({ word }) => word === "select" || setOperations.has(word))) return undefined
  // `a is distinct from b` has one that is not the clause.
  const isClause = (index: number): boolean =>
    rest[index - 1]?.word !== "distinct" || !/^(?:is|not)$/.test(rest[index - 2]?.word ?? "")
  const from = rest.findIndex(({ word }, index) => word === "from" && isClause(index))
  const first = rest[0]
  const isChosen = first?.word === "distinct" && rest[1]?.word === "on"
  const isDistinct = first?.word === "distinct" && !isChosen
  if (from < 0) return undefined
  const after = rest.slice(from + 1)
  const order = after.find(({ word }) => orders.has(word))?.start ?? text.length
  const group = after.find(({ word, start }) => groups.has(word) && start < order)?.start
  return {
    text,
    begin: select.end,
    list: first !== undefined && (isDistinct || first.word === "all") ? first.end : select.end,
    from: rest[from]?.start ?? text.length,
    tail: group ?? order,
    order,
    distinct: isDistinct,
    grouped: group !== undefined,
  }
}

/**
 * Whether the select list may hold a `*`: its columns are those that the table has by the time it is read, so that neither their
 * number nor their names are the text's own. It errs on the side of yes; `count(*)` is none.
 */
export function mayExpand({ text, list, from }: SelectText): boolean {
  return text
    .slice(list, from)
    .replaceAll(/\(\s*\*\s*\)/g, "")
    .includes("*")
}

/** The unquoted words outside of all parentheses, in lower case; undefined where the text is not clear. */
function outerWords(text: string): Word[] | undefined {
  // What is behind a semicolon is another statement; Unicode escapes depend on settings.
  if (/;|u&['"]/i.test(text)) return undefined
  const found: Word[] = []
  let depth = 0
  let isAttribute = false
  const tokens = tokensOf(text)
  if (tokens === undefined) return undefined
  for (const { kind, text: all, start, end } of tokens) {
    if (kind === "word" && depth === 0 && !isAttribute) found.push({ word: all.toLowerCase(), start, end })
    else if (all === "(" || all === "[") depth++
    else if ((all === ")" || all === "]") && --depth < 0) return undefined
    isAttribute = all === "."
  }
  return depth === 0 ? found : undefined
}
