import { en, type Words } from "./en.js"
import { hi } from "./hi.js"
import { ta } from "./ta.js"
import { ur } from "./ur.js"

export type { Words } from "./en.js"

/** The languages that the pages speak. What they say in the last three was not read by anybody who lives in them: see README. */
export const languages = { en, hi, ta, ur } as const satisfies Record<string, Words>

export type Language = keyof typeof languages

export const isLanguage = (text: unknown): text is Language =>
  typeof text === "string" && Object.hasOwn(languages, text)

/** A day and time in India, in words of the language, in digits that a form shows too. */
export function moment(language: Language, at: Date | string): string {
  const locale = `${language}-IN-u-nu-latn`
  return new Intl.DateTimeFormat(locale, { timeZone: "Asia/Kolkata", dateStyle: "long", timeStyle: "short" }).format(
    new Date(at),
  )
}
