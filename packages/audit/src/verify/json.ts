/**
 * A text in JSON as the value it says.
 *
 * @throws it is no JSON, or not as its writer's `JSON.stringify` says this value: of a member that stands there twice, a blank or an
 *   escape that need not be, the reader of the file would see what is not verified; or it has half of a character, which would be
 *   hashed as U+FFFD, and so as what another text is
 */
export function fromJson(text: string): unknown {
  // An honest writer never escapes one; only then is every text looked at.
  const value: unknown = /\\u[dD]/.test(text) ? JSON.parse(text, whole) : JSON.parse(text)
  if (JSON.stringify(value) !== text) throw new SyntaxError("not in canonical form")
  return value
}

/** How many members it has: where each that a format names is there, one more is one that the format does not know. */
export const members = (object: object): number => Object.keys(object).length

function whole(key: string, value: unknown): unknown {
  if (/\p{Cs}/u.test(key) || (typeof value === "string" && /\p{Cs}/u.test(value)))
    throw new SyntaxError("half of a character")
  return value
}
