import {
  adultFrom,
  type ConsentEvent,
  type ConsentState,
  consentAt,
  type NoticeItem,
  type PublishedText,
} from "wardkeep/consent"
import policy from "../policy.js"
import { type Html, html } from "./html.js"
import { purposeWords } from "./notice.js"
import { choice, form } from "./shell.js"
import { field, type Visit, whose } from "./visit.js"
import { moment, type Words } from "./words/index.js"

/** What the screen of one person is made of. */
export interface Standing {
  readonly subject: string
  readonly isChild: boolean
  readonly notice: PublishedText
  readonly events: readonly ConsentEvent[]
}

const decisions: ReadonlySet<string> = new Set(["requested", "granted", "refused", "withdrawn", "renewed", "expired"])

/** The last thing that was decided: a form that was made before it is out of date. */
export const lastDecision = (events: readonly ConsentEvent[]): string =>
  events.filter(({ kind }) => decisions.has(kind)).at(-1)?.id ?? ""

export const stateOf = ({ events }: Pick<Standing, "events">, purpose: string): ConsentState =>
  consentAt(events, { purpose, at: new Date() })

/** Whose day of birth is not known counts as a child. */
export const isChildOn = (dob: string | null, now: Date): boolean => dob === null || adultFrom(dob) > now

export function answersOf(filled: URLSearchParams): ReadonlyMap<string, string> {
  const answers = [...filled].filter(([name, value]) => name.startsWith("choice.") && ["yes", "no"].includes(value))
  return new Map(answers.map(([name, value]) => [name.slice("choice.".length), value]))
}

const titleOf = (words: Words, { purpose }: Pick<NoticeItem, "purpose">): string =>
  purposeWords(words, purpose)?.title ?? purpose

const stateWords = (words: Words, { state }: ConsentState): string =>
  ({
    none: words.undecided,
    requested: words.requestedState,
    granted: words.granted,
    refused: words.refusedState,
    withdrawn: words.withdrawn,
    expired: words.expired,
  })[state]

interface FormOptions {
  readonly action: string
  /** Who may say yes here: nobody for a child at its own screen. */
  readonly mayGrant: boolean
  /** Fields beside the choices. */
  readonly more?: Html
}

/** The notice, then one question for each purpose: two answers of which neither is chosen, or one button that takes a yes back. */
export function consentForm(visit: Visit, standing: Standing, options: FormOptions): Html {
  const { words, language } = visit
  const { notice, events } = standing
  const chosen = answersOf(visit.form)
  const cards = notice.items.map((item) => card(visit, standing, item, options, chosen.get(item.purpose) ?? ""))
  const asks = options.mayGrant && notice.items.some((item) => canAsk(standing, item.purpose))
  const body = html`<input type="hidden" name="notice" value="${notice.id}"><input type="hidden" name="shown" value="${language}">
<input type="hidden" name="seen" value="${lastDecision(events)}">${cards}${asks ? html`${options.more ?? ""}<button id="save" name="save" value="1">${words.save}</button>` : ""}`
  const withdrawals = notice.items.map(
    ({ purpose }) =>
      html`<form id="withdraw-${purpose}" method="post" action="${options.action}"><input type="hidden" name="withdraw" value="${purpose}"><input type="hidden" name="whose" value="${whose(visit.login)}"></form>`,
  )
  return html`<details class="card"${asks ? html` open` : ""}><summary><h2>${words.noticeTitle}</h2></summary><div class="notice" lang="${notice.language}" dir="${notice.direction}">${notice.body ?? ""}</div>
<p class="small">${words.noticeVersion} ${notice.version} · ${moment(language, notice.published_at)}</p></details>
${withdrawals}${form(visit, { id: "choices", action: options.action, body })}`
}

const isForbidden = (purpose: string): boolean => policy.purposes.get(purpose)?.children === "forbidden"

const canAsk = (standing: Standing, purpose: string): boolean =>
  stateOf(standing, purpose).state !== "granted" && !(standing.isChild && isForbidden(purpose))

function card(visit: Visit, standing: Standing, item: NoticeItem, options: FormOptions, chosen: string): Html {
  const { words, language } = visit
  const { purpose } = item
  const state = stateOf(standing, purpose)
  const since = state.since === undefined ? "" : html`<span class="small">${moment(language, state.since)}</span>`
  const tag = html`<span class="tag${state.state === "granted" ? " yes" : ""}">${stateWords(words, state)}</span>`
  const known = purposeWords(words, purpose)
  const about = html`<p>${known?.enables ?? item.enables}</p><p class="small">${words.data}: ${known?.data ?? item.data.join(", ")}</p>`
  const head = html`<h2>${titleOf(words, item)}</h2>${about}<p class="state">${tag}${since}</p>`
  return html`<section class="card" data-purpose="${purpose}">${head}${controls(visit, standing, purpose, options, chosen)}</section>`
}

function controls(visit: Visit, standing: Standing, purpose: string, { mayGrant }: FormOptions, chosen: string): Html {
  const { words } = visit
  if (stateOf(standing, purpose).state === "granted")
    return html`<button class="second" form="withdraw-${purpose}">${words.withdraw}</button>`
  if (!canAsk(standing, purpose)) return html`<p>${words.childForbidden}</p>`
  if (!mayGrant) return html`<p>${words.child}</p>`
  const legend = titleOf(words, { purpose })
  const options = { name: `choice.${purpose}`, legend, chosen }
  return html`<div class="answers">${choice(options, { yes: words.yes, no: words.no })}</div>`
}

/** What the last act was, for the person who just made it: found in the ledger, never in the address. */
export function receipt(visit: Visit, events: readonly ConsentEvent[]): Html | undefined {
  const id = field(visit.query, "event", 36)
  const event = events.find((one) => one.id === id)
  if (event === undefined || event.purpose === null) return undefined
  const { words, language } = visit
  const text = event.kind === "withdrawn" ? words.withdrawnNow : words.saved
  return html`${titleOf(words, { purpose: event.purpose })}: ${text} ${moment(language, event.at)} · <span class="small">${words.receipt} <code>${id.slice(0, 8)}</code></span>`
}
