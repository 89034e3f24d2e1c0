import { createHash } from "node:crypto"
import type { Wardkeep, WardkeepError } from "wardkeep"
import {
  type AnswerPack,
  answerRequest,
  type Certificate,
  decideRequest,
  identifyRequest,
  type Kept,
  keepUntil,
  loadLaw,
  packAsHtml,
  packAsJson,
  type Refusal,
  type RightsDecision,
  type RightsEvent,
  requests,
} from "wardkeep/consent"
import { notFound } from "../http/clinic-error.js"
import { type Html, html } from "./html.js"
import { contact } from "./notice.js"
import type { RecordsOffice } from "./office.js"
import { dueOf, stepsOf } from "./requests.js"
import { choice, form, refusedText, textField, warned } from "./shell.js"
import { field, isDraft, type Page, refusalIn, roleOf, type Shown, type Visit } from "./visit.js"
import { moment } from "./words/index.js"

const law = loadLaw()
const classes = [...new Set(law.retention.map(({ record }) => record))].sort()

const pathOf = ({ params }: Visit, then = ""): string => `/pages/desk/requests/${params.id}${then}`

function identifyForm(visit: Visit): Html {
  const { words, form: filled } = visit
  const body = html`<h2>${words.identify}</h2>${textField({ name: "how", label: words.how, hint: words.howHint, value: field(filled, "how") })}
${textField({ name: "evidence", label: words.evidence, hint: words.evidenceHint, value: field(filled, "evidence") })}<button name="save" value="1">${words.record}</button>`
  return html`<section class="card">${form(visit, { id: "identify", action: pathOf(visit, "/identify"), body })}</section>`
}

function decideForm(visit: Visit, isErasure: boolean): Html {
  const { words, form: filled } = visit
  const keep = html`${choice({ name: "keep", legend: words.keep, chosen: field(filled, "keep") }, { nothing: words.keepNothing, ...Object.fromEntries(classes.map((one) => [one, one])) })}
${textField({ name: "since", label: words.keepSince, value: field(filled, "since", 10), type: "date" })}
${textField({ name: "attested", label: words.keepBy, hint: words.keepHint, value: field(filled, "attested") })}`
  const body = html`<h2>${words.decide}</h2>${choice({ name: "outcome", legend: words.outcomeLabel, chosen: field(filled, "outcome") }, words.outcome)}
${choice({ name: "reason", legend: words.reasonLabel, chosen: field(filled, "reason") }, words.reason)}
${textField({ name: "cites", label: words.cites, hint: words.citesHint, value: field(filled, "cites") })}
${textField({ name: "words", label: words.wordsLabel, value: field(filled, "words"), type: "area" })}
${textField({ name: "contact", label: words.contactLabel, value: field(filled, "contact") || contact })}${isErasure ? keep : ""}<button name="save" value="1">${words.decide}</button>`
  return html`<section class="card">${form(visit, { id: "decide", action: pathOf(visit, "/decide"), body })}</section>`
}

/** What can be done once it is decided: hand over, or erase when the last period has ended. */
function outcome(visit: Visit, acts: readonly RightsEvent[], office: RecordsOffice | undefined): Html | "" {
  const { words, language } = visit
  const decided = acts.find(({ kind }) => kind === "decided")
  const asked = acts[0]?.asked
  if (decided === undefined || decided.detail.outcome === "refused" || (asked !== "access" && asked !== "erasure"))
    return ""
  const command = asked === "access" ? "pack" : "destroy"
  const title = asked === "access" ? words.pack : words.certificateTitle
  if (office === undefined)
    return html`<section class="card"><h2>${title}</h2><p>${words.byCommand} <code dir="ltr">wardkeep rights ${command} ${String(visit.params.id)}</code></p></section>`
  const button = (to: string, label: string): Html =>
    html`<form method="post" action="${pathOf(visit, to)}"><button class="second">${label}</button></form>`
  if (asked === "access")
    return html`<section class="card"><h2>${title}</h2>${button("/pack", words.packGather)}</section>`
  const wait = decided.destroy_after !== null && decided.destroy_after > new Date()
  return html`<section class="card"><h2>${title}</h2>${wait ? html`<p>${words.notBefore} ${moment(language, decided.destroy_after ?? "")}</p>` : button("/certificate", words.certificate)}</section>`
}

/**
 * Page and document of one gathering: the page names the document's hash, so neither is made apart from the other. The links
 * carry them, so that nothing about the person is kept here between two requests.
 */
function handedOver(
  visit: Visit,
  { request }: AnswerPack,
  files: { readonly html: string; readonly json: string },
): Shown {
  const { words } = visit
  const link = (type: "html" | "json", media: string): Html =>
    html`<a download="answer-${request.slice(0, 8)}.${type}" href="data:${media};base64,${Buffer.from(files[type]).toString("base64")}">${words[type === "html" ? "packHtml" : "packJson"]}</a>`
  const main = html`<section class="card"><ul class="list"><li>${link("html", "text/html")}</li><li>${link("json", "application/json")}</li></ul></section>
<p><a href="${pathOf(visit)}">${words.back}</a></p>`
  return { kind: "page", title: words.pack, main }
}

function certified({ words }: Visit, certificate: Certificate): Shown {
  const counts = (rows: Readonly<Record<string, number>>): Html =>
    html`<dl>${Object.entries(rows).map(([table, n]) => html`<dt lang="en" dir="ltr">${table}</dt><dd>${n}</dd>`)}</dl>`
  const main = html`<section class="card"><p><code>${certificate.subjectSha256}</code></p><h2>${words.erasedRows}</h2>${counts(certificate.destroyed)}
<h3>${words.foundRows}</h3>${counts(certificate.found)}<h3>${words.certificateNot}</h3><ul lang="en" dir="ltr">${certificate.notReached.map((one) => html`<li>${one}</li>`)}</ul></section>
<p><a href="/pages/desk">${words.back}</a></p>`
  return { kind: "page", title: words.certificateTitle, main }
}

/** Undefined where nobody said what is kept: the database asks for it, and nothing is taken as said. */
function kept(filled: URLSearchParams): readonly Kept[] | undefined {
  const [record, since, by] = ["keep", "since", "attested"].map((name) => field(filled, name)) as [
    string,
    string,
    string,
  ]
  if (record === "") return undefined
  if (record === "nothing") return []
  const on = new Date(Date.now() + 19_800_000).toISOString().slice(0, 10)
  const attestations = by === "" ? [] : law.retention.map(({ id }) => ({ rule: id, by, on }))
  const from = new Date(`${since}T00:00:00+05:30`)
  return keepUntil(law, {
    on: new Date(),
    records: [{ record, since: Number.isNaN(from.getTime()) ? new Date() : from }],
    attestations,
  })
}

export function deskRequestPages(wk: Wardkeep, office: RecordsOffice | undefined): Page[] {
  const read = async ({ params }: Visit): Promise<readonly [RightsEvent, ...RightsEvent[]]> => {
    const [first, ...rest] = (await requests(wk)).filter(({ request }) => request === params.id)
    if (first === undefined) throw notFound("request")
    return [first, ...rest]
  }
  const show = async (visit: Visit, refusal?: WardkeepError): Promise<Shown> => {
    const { words, language, login } = visit
    const acts = await read(visit)
    const [opened] = acts
    const has = (kind: RightsEvent["kind"]): boolean => acts.some((one) => one.kind === kind)
    const { rows } = await wk.query<{ full_name: string }>("select full_name from patient where id::text = $1", [
      opened.subject,
    ])
    const what = opened.detail.what ?? opened.detail.nominee
    const waits = !has("decided") && opened.kind === "opened"
    const mayDecide = waits && roleOf(login) === "privacy"
    const formId = mayDecide ? "decide" : waits && !has("identified") ? "identify" : undefined
    const note = refusal === undefined ? "" : warned(refusedText(words, refusal))
    const main = html`${note}<section class="card"><dl><dt>${words.patient}</dt><dd>${rows[0]?.full_name ?? words.erasedPerson}</dd>${what === undefined ? "" : html`<dt>${words.what}</dt><dd>${String(what)}</dd>`}</dl>
${waits ? html`<p>${dueOf(words, language, opened)}</p>` : ""}${stepsOf(words, language, acts)}</section>
${waits && !has("identified") ? identifyForm(visit) : ""}${mayDecide ? decideForm(visit, opened.asked === "erasure") : ""}${outcome(visit, acts, has("destroyed") ? undefined : office)}`
    const title = opened.asked === null ? words.step.destroyed : words.kinds[opened.asked]
    const status = refusal === undefined ? {} : { status: 422 }
    return { kind: "page", title, main, ...status, ...(formId !== undefined && { formId }) }
  }
  const act = (path: string, roles: readonly string[], work: (visit: Visit) => Promise<unknown>): Page => ({
    method: "post",
    path: `/desk/requests/:id${path}`,
    roles,
    async handle(visit) {
      if (isDraft(visit.form)) return await show(visit)
      await read(visit)
      try {
        await work(visit)
      } catch (error) {
        const refusal = refusalIn(error)
        if (refusal === undefined) throw error
        return await show(visit, refusal)
      }
      return { kind: "go", to: pathOf(visit) }
    },
  })
  return [
    { method: "get", path: "/desk/requests/:id", roles: ["reception", "privacy"], handle: (visit) => show(visit) },
    act("/identify", ["reception", "privacy"], async ({ params, form: filled }) => {
      const checked = { how: field(filled, "how"), evidence: field(filled, "evidence") }
      await identifyRequest(wk, { request: String(params.id), ...checked })
    }),
    act("/decide", ["privacy"], async ({ params, form: filled }) => {
      const keep = kept(filled)
      const decision = { ...decisionOf(filled), request: String(params.id), ...(keep !== undefined && { keep }) }
      await decideRequest(wk, decision)
    }),
    ...(office === undefined ? [] : handing(wk, office, read)),
  ]
}

/** The database knows which reasons there are, and which of them cite, and says so. */
function decisionOf(filled: URLSearchParams): Omit<RightsDecision, "request"> {
  const [reason, cites] = [field(filled, "reason"), field(filled, "cites")]
  const result = field(filled, "outcome") as RightsDecision["outcome"]
  return {
    outcome: result,
    words: field(filled, "words"),
    contact: field(filled, "contact"),
    ...(result !== "fulfilled" && reason !== "" && { reason: reason as Refusal }),
    ...(cites !== "" && { cites }),
  }
}

/** The request was read in the caller's own context before: only what that context sees is gathered or destroyed. */
function handing(
  wk: Wardkeep,
  office: RecordsOffice,
  read: (visit: Visit) => Promise<readonly [RightsEvent, ...RightsEvent[]]>,
): Page[] {
  return [
    {
      method: "post",
      path: "/desk/requests/:id/pack",
      roles: ["privacy"],
      async handle(visit) {
        const [{ request, subject }] = await read(visit)
        const pack = await office.pack({ tenant: tenantOf(visit), request, subject })
        const page = packAsHtml(pack)
        await answerRequest(wk, { request, sha256: createHash("sha256").update(page).digest("hex") })
        return handedOver(visit, pack, { html: page, json: packAsJson(pack) })
      },
    },
    // Another language is asked for by the address; what was gathered is not gathered again for it.
    {
      method: "get",
      path: "/desk/requests/:id/pack",
      roles: ["privacy"],
      handle: (visit) => Promise.resolve({ kind: "go", to: pathOf(visit) }),
    },
    {
      method: "post",
      path: "/desk/requests/:id/certificate",
      roles: ["privacy"],
      async handle(visit) {
        const [{ request }] = await read(visit)
        return certified(visit, await office.destroy({ tenant: tenantOf(visit), request }))
      },
    },
  ]
}

function tenantOf({ login }: Visit): string {
  const [grant] = login?.session.grants ?? []
  if (grant === undefined) throw notFound("session")
  return grant.tenant
}
