const tab = 9
const newline = 10
const formFeed = 12
const carriageReturn = 13
const space = 32
const star = 42
const dash = 45
const slash = 47

/** What a statement begins with: its first keyword in lower case, and where it stands. */
export interface FirstWord {
  readonly word: string
  readonly start: number
  readonly end: number
  /** It stands inside opening parentheses, as in `(select …) union …`. */
  readonly nested: boolean
}

/**
 * Finds the first word of a statement as PostgreSQL's scanner would: white space, `--` and nested comments are
 * skipped. Everything it is not sure of is undefined, and the caller refuses.
 */
export function firstWord(text: string): FirstWord | undefined {
  let at = 0
  let nested = false
  for (;;) {
    at = skipBlank(text, at)
    if (at < 0) return undefined
    if (text[at] !== "(") break
    nested = true
    at++
  }
  const end = wordEnd(text, at)
  return end === at ? undefined : { word: text.slice(at, end).toLowerCase(), start: at, end, nested }
}

/** The next place that is neither white space nor comment; -1 for an unclosed comment or the end. */
export function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === space || code === tab || code === newline || code === formFeed || code === carriageReturn) at++
    else if (code === dash && text.charCodeAt(at + 1) === dash) at = lineEnd(text, at)
    else if (code === slash && text.charCodeAt(at + 1) === star) {
      at = commentEnd(text, at)
      if (at < 0) return -1
    } else return at
  }
  return -1
}

/** Every word of a short statement of plain words, quoted names and commas; undefined when there is anything else. */
export function words(text: string): string[] | undefined {
  const found: string[] = []
  let at = skipBlank(text, 0)
  while (at >= 0) {
    const char = text[at] as string
    if (char === ";") return skipBlank(text, at + 1) < 0 && onlyBlank(text, at + 1) ? found : undefined
    const end = char === '"' ? quotedEnd(text, at) : char === "," ? at + 1 : wordEnd(text, at)
    if (end <= at) return undefined
    found.push(char === '"' ? text.slice(at, end) : text.slice(at, end).toLowerCase())
    at = skipBlank(text, end)
    if (at < 0 && !onlyBlank(text, end)) return undefined
  }
  return found
}

/** skipBlank answers -1 for an open comment too; this tells the two apart. */
function onlyBlank(text: string, from: number): boolean {
  return skipBlank(`${text.slice(from)}\n x`, 0) >= 0
}

function lineEnd(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === newline || code === carriageReturn) return at
    at++
  }
  return at
}

function commentEnd(text: string, from: number): number {
  let depth = 0
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const next = text.charCodeAt(at + 1)
    if (code === slash && next === star) {
      depth++
      at += 2
    } else if (code === star && next === slash) {
      depth--
      at += 2
      if (depth === 0) return at
    } else at++
  }
  return -1
}

function wordEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && isWord(text.charCodeAt(at), at > from)) at++
  return at
}

/** Letters, underscore, everything beyond ASCII; later also digits and the dollar sign. */
function isWord(code: number, later: boolean): boolean {
  if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code >= 128) return true
  return later && ((code >= 48 && code <= 57) || code === 36)
}

function quotedEnd(text: string, from: number): number {
  let at = from + 1
  while (at < text.length) {
    if (text[at] === '"') {
      if (text[at + 1] !== '"') return at + 1
      at++
    }
    at++
  }
  return -1
}
