const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const email = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g
const moment = /\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g
const word = /[A-Za-z0-9][A-Za-z0-9_-]{7,}/g
const digits = /\d{9,}/g
// Seconds and milliseconds since 1970, from 2001 to 2033: equal in many rows.
const epoch = /^1\d{9}(\d{3})?$/

/** The parts of a text that nobody guesses and that two tenants do not share by chance. Dates and times are not among them. */
export function strongTokens(text: string): string[] {
  if (text.length < 8) return []
  const found = new Set<string>()
  const take = (pattern: RegExp, rest: string): string =>
    rest.replace(pattern, (match) => {
      found.add(match.toLowerCase())
      return " "
    })
  let rest = take(uuid, text)
  rest = take(email, rest).replace(moment, " ")
  for (const [match] of rest.matchAll(word)) {
    if (isOpaque(match)) found.add(match.toLowerCase())
    for (const part of match.split(/[-_]/)) if (part !== match && isOpaque(part)) found.add(part.toLowerCase())
  }
  for (const [match] of rest.matchAll(digits)) if (!epoch.test(match)) found.add(match)
  return [...found]
}

/** Letters and digits in a mix that is no numbering such as INV20240001. */
function isOpaque(text: string): boolean {
  if (/canary/i.test(text) && text.length >= 8) return true
  if (text.length < 12) return false
  const shape = text
    .replace(/[^A-Za-z0-9]/g, "")
    .replace(/[A-Za-z]+/g, "a")
    .replace(/\d+/g, "0")
  return shape.length >= 4
}

/** A word that a program gave to a place, as far as its look tells: not a telephone number, an address or a name with a space. */
export const isName = (text: string): boolean => /^[A-Za-z_][\w-]{0,40}$/.test(text) && strongTokens(text).length === 0

/** One form for one value: case and the + of a phone number do not matter. */
export const normal = (text: string): string => text.toLowerCase().replace(/^\+(?=\d)/, "")

/** A value that two tenants may share by chance, and that counts only together with others of the same row. */
export const isWeak = (text: string): boolean =>
  text.length >= 4 && text.length <= 2_000 && !/^(true|false|null)$/i.test(text)
