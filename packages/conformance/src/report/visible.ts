/**
 * Names and messages come from a system under attack. What a terminal, a browser or a reviewer would not show as it is
 * (control characters, escape sequences, characters that reverse the direction of a line, halves of a surrogate pair,
 * zero-width characters) is written as an escape. Line breaks and tabs stay.
 *
 * @example visible("a\u202eb") // a\u202eb, spelled out
 */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu, (character) => {
      const point = (character.codePointAt(0) ?? 0).toString(16)
      return point.length > 4 ? `\\u{${point}}` : `\\u${point.padStart(4, "0")}`
    })
}

/** As `visible`, on one line. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, " ").trim())
}
