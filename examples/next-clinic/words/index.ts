import { en } from "./en"
import { hi } from "./hi"

export type Language = "en" | "hi"
export type Words = typeof en

export const languages: Readonly<Record<Language, Words>> = { en, hi }

const zone = "Asia/Kolkata"
const locale = (language: Language): string => (language === "hi" ? "hi-IN" : "en-IN")

/** With Latin digits in both languages, as bills and charts have them. */
const numbers = { numberingSystem: "latn" } as const

export function dayText(language: Language, at: Date | string): string {
  return new Intl.DateTimeFormat(locale(language), { ...numbers, dateStyle: "medium", timeZone: zone }).format(
    new Date(at),
  )
}

export function timeText(language: Language, at: Date | string): string {
  return new Intl.DateTimeFormat(locale(language), { ...numbers, timeStyle: "short", timeZone: zone }).format(
    new Date(at),
  )
}

export const momentText = (language: Language, at: Date | string): string =>
  `${dayText(language, at)}, ${timeText(language, at)}`

/** Of paise. */
export function moneyText(language: Language, paise: string | number): string {
  const money = { style: "currency", currency: "INR", maximumFractionDigits: 0 } as const
  return new Intl.NumberFormat(locale(language), { ...numbers, ...money }).format(Number(paise) / 100)
}

/** A name of the policy file in the reader's language, or as it stands there. */
export function nameOf(names: Readonly<Record<string, string>>, name: string): string {
  return names[name] ?? name
}
