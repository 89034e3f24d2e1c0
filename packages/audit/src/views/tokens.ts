/** A part of a statement that is neither blank nor comment: an unquoted word, a quoted name, a constant, any other character. */
export interface Token {
  readonly kind: "word" | "name" | "constant" | "other"
  readonly text: string
  readonly start: number
  readonly end: number
}

/** What PostgreSQL's scanner takes for one: blanks, strings, quoted names, parameters, numbers, words, and any other character. */
const token =
  /(?<blank>[ \t\n\r\f\v]+|--[^\n\r]*)|(?<escaped>[eE]'(?:[^'\\]|\\.|'')*')|(?<string>[bBxXnN]?'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*")|(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|(?<parameter>\$\d+)|(?<number>\d[\w.]*)|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<other>.)/suy

/** Undefined where the text is not clear: something is left open, or a backslash in a plain string depends on settings. */
export function tokensOf(text: string): Token[] | undefined {
  const found: Token[] = []
  for (let at = 0; at < text.length; ) {
    if (text.startsWith("/*", at)) {
      at = commentEnd(text, at)
      if (at < 0) return undefined
      continue
    }
    token.lastIndex = at
    const { groups: of = {}, 0: all = "" } = token.exec(text) ?? {}
    if (all === "" || all === "'" || all === '"' || (of.string?.includes("\\") ?? false)) return undefined
    const start = at
    at += all.length
    if (of.blank !== undefined) continue
    if (of.dollar !== undefined) {
      const end = text.indexOf(all, at)
      if (end < 0) return undefined
      at = end + all.length
    }
    const kind =
      of.word !== undefined ? "word" : of.name !== undefined ? "name" : of.other !== undefined ? "other" : "constant"
    found.push({ kind, text: all, start, end: at })
  }
  return found
}

function commentEnd(text: string, from: number): number {
  let depth = 0
  for (const { 0: mark, index } of text.slice(from).matchAll(/\/\*|\*\//g)) {
    depth += mark === "/*" ? 1 : -1
    if (depth === 0) return from + index + 2
  }
  return -1
}
