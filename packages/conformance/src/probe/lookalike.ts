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

/** Digits at the end that are run through: among a thousand ends a check of two digits finds ten that are right. */
const endDigits = 3
const addresses = 200

/**
 * Values that begin as it does and end otherwise. They have its prefix; whatever computes a check digit or asks whether a day is
 * in the calendar finds some of them right. Of an address, others at the same domain.
 */
export function siblingsOf(text: string): string[] {
  const domain = text.indexOf("@")
  if (domain > 0) {
    return Array.from({ length: addresses }, () => changed(text.slice(0, domain), false) + text.slice(domain))
  }
  const places = [...text].flatMap((char, at) => (digits.includes(char) ? [at] : [])).slice(-endDigits)
  const all = places.reduce<string[][]>(
    (made, place) => made.flatMap((chars) => [...digits].map((digit) => chars.with(place, digit))),
    [[...text]],
  )
  const made = all.map((chars) => chars.join("")).filter((one) => one !== text)
  // In no order: the first few of them are as good as the others.
  return made
    .map((one) => ({ one, at: randomInt(1_000_000) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one)
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

/** Of what is slow as many siblings are asked as there is time for. */
const siblingMs = 10_000

/** Whether what is asked of them says yes to one. */
export async function anySibling(
  siblings: readonly string[],
  isAlike: (sibling: string) => Promise<boolean>,
): Promise<boolean> {
  const until = performance.now() + siblingMs
  for (const sibling of siblings) {
    if (performance.now() > until) return false
    if (await isAlike(sibling)) return true
  }
  return false
}
