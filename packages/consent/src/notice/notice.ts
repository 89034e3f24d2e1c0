import { WardkeepError } from "@wardkeep/core"
import type { InContext } from "@wardkeep/postgres/client"

/**
 * How far a text can be relied on. `original`: it was written in this language. `machine`: nobody read it, and it cannot be
 * served. `human`: a person who knows the language approved it. `counsel`: a lawyer did.
 */
export type TranslationStatus = "original" | "machine" | "human" | "counsel"

/** Which data for which purpose, and what that makes possible. */
export interface NoticeItem {
  /** A purpose of the policy file. */
  readonly purpose: string
  readonly data: readonly string[]
  /** The service or use that this makes possible, in plain words. */
  readonly enables: string
}

export interface NoticeText {
  readonly body: string
  readonly status: TranslationStatus
  /** Default: how the language is usually written. */
  readonly direction?: "ltr" | "rtl"
}

export interface Notice {
  /** The notice of which this becomes the next version. */
  readonly code: string
  readonly items: readonly NoticeItem[]
  /** Where and how to withdraw, as easily as consent was given. */
  readonly withdraw: string
  /** Where and how to use one's rights. */
  readonly rights: string
  /** How to complain to the Data Protection Board. */
  readonly complain: string
  /** Who answers questions. */
  readonly contact: string
  /** By language code: `en`, `hi`, `ta`, `ur`, … */
  readonly texts: Readonly<Record<string, NoticeText>>
}

/** Something a notice must say and this one does not, and which rule asks for it. */
export interface NoticeGap {
  /** As the document names it: `withdraw`, `items.2.data`. */
  readonly what: string
  /** Ids of obligations in the law data. */
  readonly asks: readonly string[]
}

const askedBy: Readonly<Record<string, readonly string[]>> = {
  items: ["dpdp-rules-3", "dpdp-act-5-1"],
  purpose: ["dpdp-rules-3", "dpdp-act-5-1"],
  data: ["dpdp-rules-3", "dpdp-act-5-1"],
  enables: ["dpdp-rules-3"],
  withdraw: ["dpdp-rules-3", "dpdp-act-5-1", "dpdp-act-6-4"],
  rights: ["dpdp-rules-3"],
  complain: ["dpdp-rules-3", "dpdp-act-5-1"],
  contact: ["dpdp-rules-9"],
  code: [],
  texts: ["dpdp-act-5-3"],
}

const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== ""

/**
 * What a notice lacks, in the order of the document. The database asks the same before it publishes. That a text is plain
 * and can be understood by itself, no program can say.
 *
 * Source of what is asked: rule 3 of the DPDP Rules, 2025, and sections 5 and 6 of the Act, as the law data has them.
 *
 * @returns empty when nothing is missing
 * @example noticeGaps(draft).map(({ what, asks }) => `${what}: ${asks.join(", ")}`)
 */
export function noticeGaps(notice: Partial<Record<keyof Notice, unknown>>): readonly NoticeGap[] {
  const missing: string[] = []
  const items: unknown[] = Array.isArray(notice.items) ? notice.items : []
  if (items.length === 0) missing.push("items")
  for (const [index, item] of items.entries()) {
    const { purpose, data, enables } = (item ?? {}) as Record<string, unknown>
    const at = `items.${index + 1}`
    const listed = Array.isArray(data) && data.length > 0 && data.every(isText)
    if (!isText(purpose)) missing.push(`${at}.purpose`)
    if (!listed) missing.push(`${at}.data`)
    if (!isText(enables)) missing.push(`${at}.enables`)
  }
  for (const key of ["withdraw", "rights", "complain", "contact", "code"] as const)
    if (!isText(notice[key])) missing.push(key)
  const texts = notice.texts
  if (typeof texts !== "object" || texts === null || Object.keys(texts).length === 0) missing.push("texts")
  return missing.map((what) => ({ what, asks: askedBy[what.split(".").at(-1) ?? ""] ?? [] }))
}

/**
 * Publishes the next version of a notice for the tenant of the context. A published version never changes.
 *
 * @returns its id
 * @throws WK502 something is missing; the message names it and the rule that asks for it · WK503 unknown purpose or language, a
 *   purpose twice · WK1xx
 * @example const id = await wk.run(session, () => publishNotice(wk, notice))
 */
export async function publishNotice(q: InContext, notice: Notice): Promise<string> {
  const gaps = noticeGaps(notice)
  if (gaps.length > 0)
    throw new WardkeepError("WK502", {
      message: `the notice lacks:\n${gaps.map(({ what, asks }) => `${what}${asks.length > 0 ? ` (${asks.join(", ")})` : ""}`).join("\n")}`,
    })
  const { rows } = await q.query<{ id: string }>("select wardkeep_consent.publish_notice($1) as id", [
    JSON.stringify(notice),
  ])
  return rows[0]?.id ?? ""
}

/** One version of a notice in one language; a row for each of the 23 languages, whether there is a text or not. */
export interface PublishedText {
  readonly id: string
  readonly code: string
  readonly version: number
  readonly items: readonly NoticeItem[]
  readonly contact: string
  readonly withdraw: string
  readonly rights: string
  readonly complain: string
  readonly published_at: Date
  readonly actor: string
  readonly language: string
  readonly language_name: string
  readonly direction: "ltr" | "rtl"
  readonly status: TranslationStatus | "missing"
  readonly body: string | null
  /** Of the text in UTF-8, hexadecimal. */
  readonly sha256: string | null
}

/**
 * Every version of the tenant's notices, in every language that the law lets a person choose.
 *
 * @throws WK1xx
 * @example const missing = (await notices(wk)).filter(({ status }) => status === "missing")
 */
export async function notices(q: InContext): Promise<readonly PublishedText[]> {
  return (await q.query<PublishedText>("select * from wardkeep_consent.notices()")).rows
}
