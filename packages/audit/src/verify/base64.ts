/** By the number of a letter: its six bits; undefined where base64 has it not. */
const bits: (number | undefined)[] = []
for (const [at, letter] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries())
  bits[letter.charCodeAt(0)] = at

/** Whether it is 32 bytes, in the one way in which they are written. Some times an event: a regular expression takes as long as the hash. */
export function is32(text: unknown): text is string {
  if (typeof text !== "string" || text.length !== 44 || text[43] !== "=") return false
  for (let at = 0; at < 43; at++) if (bits[text.charCodeAt(at)] === undefined) return false
  // The last letter says four bits; the two beyond them are nobody's.
  return ((bits[text.charCodeAt(42)] ?? 1) & 3) === 0
}

/** Whether it is bytes, in the one way in which they are written. */
export function isBase64(text: unknown): text is string {
  return is32(text) || (typeof text === "string" && Buffer.from(text, "base64").toString("base64") === text)
}
