import type { Wardkeep } from "wardkeep"
import { type Asked, loadLaw, openRequest, type RightsEvent, requestClock, requests } from "wardkeep/consent"
import { oneRow } from "../http/clinic-error.js"
import { type Html, html } from "./html.js"
import { choice, form, said, textField, warned } from "./shell.js"
import { field, isDraft, type Page, type Shown, type Visit } from "./visit.js"
import { type Language, moment, type Words } from "./words/index.js"

const law = loadLaw()
const here = "/pages/requests"

const isAsked = (words: Words, text: string): text is Asked => Object.hasOwn(words.kinds, text)

type Fault = keyof Pick<Words, "chooseKind" | "needsWhat" | "needsNominee">

/** A reason that the pages have words for; another one is shown as it is. */
const wordOf = (words: Readonly<Record<string, string>>, name: unknown): string =>
  Object.hasOwn(words, String(name)) ? (words[String(name)] ?? "") : String(name)

/** What became of one request, in the order in which it happened. */
export function stepsOf(words: Words, language: Language, events: readonly RightsEvent[]): Html {
  const steps = events.map(({ kind, at, detail }) => {
    const outcome = kind === "decided" ? html`: <strong>${wordOf(words.outcome, detail.outcome)}</strong>` : ""
    const reason =
      detail.reason === undefined || kind !== "decided" ? "" : html`<br>${wordOf(words.reason, detail.reason)}`
    const cites = typeof detail.cites === "string" ? html` (${detail.cites})` : ""
    const told =
      kind === "decided"
        ? html`<br>${String(detail.words)}<br><span class="small">${words.contact}: ${String(detail.contact)}</span>`
        : ""
    return html`<li>${words.step[kind]} <span class="small">${moment(language, at)}</span>${outcome}${reason}${cites}${told}</li>`
  })
  return html`<ol class="steps">${steps}</ol>`
}

/** By when it is answered, and which rule says so. */
export function dueOf(words: Words, language: Language, opened: RightsEvent): Html {
  const rule =
    opened.detail.rule === undefined
      ? words.ownPeriod
      : html`${words.byRule} <code>${String(opened.detail.rule)}</code>`
  return html`${words.due} ${opened.due_at === null ? "" : moment(language, opened.due_at)} <span class="small">(${rule})</span>`
}

function own({ words, language }: Visit, events: readonly RightsEvent[]): Html {
  const opened = events.filter(({ kind }) => kind === "opened").reverse()
  if (opened.length === 0) return html`<p>${words.none}</p>`
  const items = opened.map((one) => {
    const acts = events.filter(({ request }) => request === one.request)
    const waits = acts.some(({ kind }) => kind === "decided") ? "" : html`<p>${dueOf(words, language, one)}</p>`
    const what = one.detail.what ?? one.detail.nominee
    return html`<li data-request="${one.request}"><h3>${one.asked === null ? "" : words.kinds[one.asked]}</h3>${what === undefined ? "" : html`<p>${String(what)}</p>`}${waits}${stepsOf(words, language, acts)}</li>`
  })
  return html`<ul class="list">${items}</ul>`
}

function show(visit: Visit, events: readonly RightsEvent[], fault?: Fault): Shown {
  const { words, form: filled } = visit
  const arrived = events.some(({ request }) => request === field(visit.query, "request", 36))
  const only = (name: Fault): string | undefined => (fault === name ? words[name] : undefined)
  const body = html`${choice({ name: "kind", legend: words.kind, chosen: field(filled, "kind"), fault: only("chooseKind") }, words.kinds)}
${textField({ name: "what", label: words.what, hint: words.whatHint, value: field(filled, "what"), fault: only("needsWhat"), type: "area" })}
${textField({ name: "nominee", label: words.nominee, hint: words.nomineeHint, value: field(filled, "nominee"), fault: only("needsNominee") })}
<button name="save" value="1">${words.send}</button>`
  const main = html`${fault !== undefined ? warned(words[fault]) : arrived ? said(words.sent) : ""}
<section class="card"><h2>${words.yours}</h2>${own(visit, events)}</section>
<section class="card"><h2>${words.askTitle}</h2>${form(visit, { id: "ask", action: here, body })}</section>`
  return { kind: "page", title: words.requests, main, formId: "ask", ...(fault !== undefined && { status: 422 }) }
}

/** Where a patient asks for access, correction or erasure, complains or names somebody, and sees what became of it. */
export function requestPages(wk: Wardkeep): Page[] {
  const all = async (): Promise<readonly RightsEvent[]> => await requests(wk, await subject())
  const subject = async (): Promise<string> => {
    const { rows } = await wk.query<{ id: string }>("select id from patient")
    return oneRow(rows, "patient").id
  }
  return [
    { method: "get", path: "/requests", roles: ["patient"], handle: async (visit) => show(visit, await all()) },
    {
      method: "post",
      path: "/requests",
      roles: ["patient"],
      async handle(visit) {
        const [kind, what, nominee] = ["kind", "what", "nominee"].map((name) => field(visit.form, name)) as [
          string,
          string,
          string,
        ]
        const again = async (fault?: Fault): Promise<Shown> => show(visit, await all(), fault)
        if (isDraft(visit.form)) return await again()
        if (!isAsked(visit.words, kind)) return await again("chooseKind")
        if (what === "" && (kind === "correction" || kind === "grievance")) return await again("needsWhat")
        if (nominee === "" && kind === "nomination") return await again("needsNominee")
        const { dueAt, rule } = requestClock(law, { asked: kind, receivedAt: new Date() })
        const said = { ...(what !== "" && { what }), ...(kind === "nomination" && { nominee }) }
        const asked = {
          subject: await subject(),
          asked: kind,
          channel: "portal",
          dueAt,
          ...(rule !== null && { rule }),
          ...said,
        }
        const id = await openRequest(wk, asked)
        return { kind: "go", to: `${here}?request=${id}#said` }
      },
    },
  ]
}
