import { randomInt } from "node:crypto"

const digits = "0123456789"
const letters = "abcdefghijklmnopqrstuvwxyz"

/**
 * How many must get one answer before another one tells something. A check digit lets one of ten through: all of these are
 * refused by it alone one time in twelve.
 */
export const lookalikes = 24

/**
 * Whether a value reads as a number of something, or an address, of which there are many. A plain word may be one of a list
 * that stands in a function's text.
 */
export const isNumbered = (text: string): boolean =>
  text.length < 200 && (/^-?\d+$/.test(text) || text.replace(/\D/g, "").length >= 2 || /.@./.test(text))

/** Made-up values of the same form: whole numbers on both sides, so that no limit lies between; in a text other digits. */
export function lookalikesOf(text: string): string[] {
  if (/^-?\d{1,15}$/.test(text)) {
    return Array.from({ length: lookalikes }, (_, at) => String(Number(text) + (at % 2 === 0 ? 1 : -1) * (at + 3)))
  }
  const keepsLetters = /\d.*\d/s.test(text)
  return Array.from({ length: lookalikes }, () => changed(text, keepsLetters))
}

/** With other letters too, so that it may be printed. */
export const stranger = (text: string): string => changed(text, false)

function changed(text: string, keepsLetters: boolean): string {
  return [...text]
    .map((char) => {
      if (digits.includes(char)) return otherOf(digits, char)
      const lower = char.toLowerCase()
      if (keepsLetters || !letters.includes(lower)) return char
      const made = otherOf(letters, lower)
      return lower === char ? made : made.toUpperCase()
    })
    .join("")
}

function otherOf(all: string, char: string): string {
  const place = (all.indexOf(char) + randomInt(1, all.length)) % all.length
  return all[place] ?? char
}
