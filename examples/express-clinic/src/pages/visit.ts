import { createHash } from "node:crypto"
import { type WardkeepError, wardkeepErrorIn } from "wardkeep"
import type { OpenLogin } from "../login/store.js"
import type { Html } from "./html.js"
import type { Language, Words } from "./words/index.js"

/** What a page gets: who asks for it, in which language, with what filled in. */
export interface Visit {
  readonly words: Words
  readonly language: Language
  readonly login: OpenLogin | undefined
  /** Without the query. */
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** What was filled in; empty for a page that is only looked at. */
  readonly form: URLSearchParams
  readonly requestId: string
  readonly address: string
}

/** A page to show. `formId` names the form whose content a change of the language keeps. */
export interface Shown {
  readonly kind: "page"
  readonly title: string
  readonly main: Html
  readonly status?: number
  readonly formId?: string
  readonly cookie?: string
}

export interface Gone {
  readonly kind: "go"
  readonly to: string
  readonly cookie?: string
}

export type Answer = Shown | Gone

export interface Page {
  readonly method: "get" | "post"
  readonly path: string
  /** Who may see it; `anybody` runs without a context. */
  readonly roles: readonly string[] | "anybody"
  handle(visit: Visit): Promise<Answer>
}

export const roleOf = (login: OpenLogin | undefined): string | undefined => login?.session.grants[0]?.role

/** Marks a form as somebody's, so that what one person filled in is not shown to the next one at the same screen. */
export const whose = (login: OpenLogin | undefined): string =>
  createHash("sha256").update(`form of ${login?.session.actor}`).digest("hex").slice(0, 16)

/** Whether a form is to be shown again with its content, and not to be saved. */
export const isDraft = (form: URLSearchParams): boolean => form.has("language") || form.has("draft")

/** A text field of a form: no longer than anybody types, without white space around it. */
export const field = (form: URLSearchParams, name: string, most = 500): string =>
  (form.get(name) ?? "").trim().slice(0, most)

/** The ledger's own words hold no value of a row, so they are shown: they say what does not fit. */
const spoken: ReadonlySet<string> = new Set(["WK503", "WK560", "WK561", "WK562", "WK009"])

/** What the ledger refused, in words for whoever filled in the form. */
export function refusalIn(error: unknown): WardkeepError | undefined {
  const refusal = wardkeepErrorIn(error)
  return refusal !== undefined && spoken.has(refusal.code) ? refusal : undefined
}
