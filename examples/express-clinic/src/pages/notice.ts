import type { Notice, PublishedText } from "wardkeep/consent"
import { type Language, languages, type Words } from "./words/index.js"

export const contact = "privacy@aarogya.example"

const asked = ["outreach", "research"] as const
type AskedPurpose = (typeof asked)[number]

const isAsked = (purpose: string): purpose is AskedPurpose => asked.some((one) => one === purpose)

/** What the pages call a purpose; one that they do not know keeps the notice's own words. */
export const purposeWords = (words: Words, purpose: string): Words["purpose"][AskedPurpose] | undefined =>
  isAsked(purpose) ? words.purpose[purpose] : undefined

/**
 * The example's notice, the same content in each language: itemised data, what for and what it makes possible, how to take a
 * yes back, how to use one's rights, how to complain (rule 3 of the DPDP Rules, 2025), and who answers (rule 9).
 */
export function exampleNotice(): Notice {
  const { en } = languages
  const texts = Object.entries(languages).map(([code, words]) => {
    return [code, { body: bodyOf(words), status: code === "en" ? ("original" as const) : ("human" as const) }] as const
  })
  return {
    code: "patients",
    items: asked.map((purpose) => {
      const { data, enables } = en.purpose[purpose]
      return { purpose, data: data.split(", "), enables }
    }),
    withdraw: "/pages/consent, or any desk",
    rights: "/pages/requests, or any desk",
    complain: "Data Protection Board of India",
    contact,
    texts: Object.fromEntries(texts),
  }
}

function bodyOf(words: Words): string {
  const items = asked.map((purpose) => {
    const { title, data, enables } = words.purpose[purpose]
    return `${title}. ${words.data}: ${data}. ${enables}`
  })
  const ends = [words.noticeWithdraw, words.noticeRights, words.noticeComplain, `${words.noticeContact} ${contact}`]
  return [words.intro, ...items, ...ends].join("\n\n")
}

/** The newest version of the notice in a language, or undefined where there is none that could be served. */
export function newest(texts: readonly PublishedText[], language: Language): PublishedText | undefined {
  const served = texts.filter((text) => text.code === "patients" && text.language === language && text.body !== null)
  return served.filter(({ status }) => status !== "machine").sort((a, b) => b.version - a.version)[0]
}
