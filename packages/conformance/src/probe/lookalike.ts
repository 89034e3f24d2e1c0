import { randomInt } from "node:crypto"

const digits = "0123456789"
const letters = "abcdefghijklmnopqrstuvwxyz"

/** How many must get one answer before another one tells something: a check digit lets one of ten through. */
export const lookalikes = 8

/** A made-up value of the same form: other digits, and other letters only where there are too few digits. */
export const lookalike = (text: string): string => changed(text, text.replace(/\D/g, "").length >= 3)

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
