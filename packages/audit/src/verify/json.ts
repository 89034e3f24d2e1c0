/**
 * A text in JSON as the value it says.
 *
 * @throws it is no JSON, or has half of a character: it would be hashed as U+FFFD, and so as what another text is
 */
export function fromJson(text: string): unknown {
  // An honest writer never escapes one; only then is every text looked at.
  return /\\u[dD]/.test(text) ? JSON.parse(text, whole) : JSON.parse(text)
}

function whole(key: string, value: unknown): unknown {
  if (/\p{Cs}/u.test(key) || (typeof value === "string" && /\p{Cs}/u.test(value)))
    throw new SyntaxError("half of a character")
  return value
}
