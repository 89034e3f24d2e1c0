import type { Wardkeep } from "wardkeep"
import { notices, openRequests, publishNotice, type RightsEvent, requests } from "wardkeep/consent"
import { searchCondition } from "../routes/search.js"
import { type Html, html } from "./html.js"
import { exampleNotice, newest } from "./notice.js"
import { dueOf } from "./requests.js"
import { said, textField } from "./shell.js"
import { field, type Page, roleOf, type Shown, type Visit } from "./visit.js"
import { moment } from "./words/index.js"

interface Found {
  readonly id: string
  readonly full_name: string | null
  readonly chart_no: string | null
}

/** Names as far as the role sees them: a person whose data is erased, or waits for it, is in no list. */
async function namesOf(wk: Wardkeep, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await wk.query<Found>("select id, full_name from patient where id::text = any ($1)", [ids])
  return new Map(rows.map(({ id, full_name }) => [id, full_name ?? ""]))
}

function waiting(visit: Visit, events: readonly RightsEvent[], names: ReadonlyMap<string, string>): Html {
  const { words, language } = visit
  const open = openRequests(events)
  if (open.length === 0) return html`<p>${words.none}</p>`
  const items = open.map(({ request, asked, subject, dueAt }) => {
    const opened = events.find(({ id }) => id === request)
    const late = dueAt < new Date() ? html`<span class="tag bad">${words.late}</span>` : ""
    const due = opened === undefined ? "" : html`<p>${dueOf(words, language, opened)} ${late}</p>`
    return html`<li><p class="row"><a href="/pages/desk/requests/${request}">${words.kinds[asked]}</a><span>${names.get(subject) ?? words.erasedPerson}</span></p>${due}</li>`
  })
  return html`<ul class="list">${items}</ul>`
}

function closed(
  { words, language }: Visit,
  events: readonly RightsEvent[],
  names: ReadonlyMap<string, string>,
): Html | "" {
  const open = new Set(openRequests(events).map(({ request }) => request))
  // What a request was about is not kept beyond the destruction of the person; that it was carried out is.
  const done = [
    ...new Set(events.filter(({ kind }) => kind === "decided" || kind === "destroyed").map(({ request }) => request)),
  ]
  const items = done
    .filter((request) => !open.has(request))
    .map((request) => {
      const acts = events.filter((one) => one.request === request)
      const [first] = acts
      const title = first?.asked == null ? words.step.destroyed : words.kinds[first.asked]
      return html`<li class="row"><a href="/pages/desk/requests/${request}">${title}</a><span>${names.get(first?.subject ?? "") ?? words.erasedPerson}</span><span class="small">${moment(language, acts.at(-1)?.at ?? "")}</span></li>`
    })
  return items.length === 0
    ? ""
    : html`<section class="card"><h2>${words.closed}</h2><ul class="list">${items}</ul></section>`
}

/** What is due when; reception finds patients from here, and whoever answers for the data publishes the notice. */
export function deskPages(wk: Wardkeep): Page[] {
  const search = async (visit: Visit): Promise<Html | ""> => {
    const { words, query } = visit
    if (roleOf(visit.login) !== "reception") return ""
    const wanted = field(query, "search", 80)
    const { where, values } = searchCondition(wanted.length < 2 ? undefined : wanted)
    const { rows } =
      wanted.length < 2
        ? { rows: [] }
        : await wk.query<Found>(
            `select id, full_name, chart_no from patient p ${where} order by full_name limit 20`,
            values,
          )
    const items = rows.map(
      ({ id, full_name, chart_no }) =>
        html`<li class="row"><a href="/pages/desk/patients/${id}">${full_name ?? "–"}</a><span class="small">${chart_no ?? ""}</span></li>`,
    )
    const found =
      wanted.length < 2
        ? ""
        : html`<h3>${words.found}</h3>${items.length === 0 ? html`<p>${words.none}</p>` : html`<ul class="list">${items}</ul>`}`
    return html`<section class="card"><h2>${words.atDesk}</h2><form method="get" action="/pages/desk">
${textField({ name: "search", label: words.find, hint: words.findHint, value: wanted })}<button>${words.find}</button></form>${found}</section>`
  }
  const isUnpublished = async (): Promise<boolean> =>
    newest(await notices(wk), "en")?.body !== exampleNotice().texts.en?.body
  const show = async (visit: Visit): Promise<Shown> => {
    const { words, query } = visit
    const events = await requests(wk)
    const names = await namesOf(wk, [...new Set(events.map(({ subject }) => subject).filter((one) => one !== ""))])
    const publish =
      roleOf(visit.login) === "privacy" && (await isUnpublished())
        ? html`<form method="post" action="/pages/desk/notice"><button class="second">${words.publish}</button></form>`
        : ""
    const note = query.has("published") ? said(words.published) : ""
    const main = html`${note}<section class="card"><h2>${words.open}</h2>${waiting(visit, events, names)}</section>
${await search(visit)}${closed(visit, events, names)}${publish}`
    return { kind: "page", title: words.desk, main }
  }
  return [
    { method: "get", path: "/desk", roles: ["reception", "privacy"], handle: show },
    {
      method: "post",
      path: "/desk/notice",
      roles: ["privacy"],
      async handle() {
        await publishNotice(wk, exampleNotice())
        return { kind: "go", to: "/pages/desk?published=1#said" }
      },
    },
  ]
}
