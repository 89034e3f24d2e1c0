import type { Wardkeep } from "wardkeep"
import { type Decided, type Giver, represent } from "wardkeep/consent"
import { oneRow } from "../http/clinic-error.js"
import {
  type Fault,
  type InContext,
  type Person,
  readForm,
  record,
  standingOf,
  statusOf,
  withdraw,
  withdrawn,
} from "./consent.js"
import { consentForm, receipt, type Standing } from "./consent-form.js"
import { type Html, html } from "./html.js"
import { choice, said, textField, warned } from "./shell.js"
import { type Answer, field, isDraft, type Page, type Shown, type Visit } from "./visit.js"

type Acting = { readonly by: Giver; readonly representation: string }

/** Whoever acts for the person already and was not ended since. */
function acting({ events }: Standing): Acting | undefined {
  const ended = new Set(events.filter(({ kind }) => kind === "representation_ended").map((one) => one.representation))
  const last = events.filter(({ kind, id }) => kind === "represented" && !ended.has(id)).at(-1)
  return last === undefined || last.by === null ? undefined : { by: last.by, representation: last.id }
}

const ofChild = ["by", "who", "how"] as const

/** Who decides for a child, how the words were given, and what shows it. */
function more({ words, form }: Visit, { isChild }: Standing, fault: Fault | undefined): Html {
  const wrong = fault === "needsParent" ? words.needsParent : undefined
  const guardian = html`${choice({ name: "by", legend: words.whoDecides, chosen: field(form, "by"), fault: wrong }, words.as)}
${textField({ name: "who", label: words.who, value: field(form, "who") })}
${choice({ name: "how", legend: words.verified, chosen: field(form, "how") }, words.ways)}`
  const evidence =
    fault === "needsEvidence" || (wrong !== undefined && field(form, "evidence") === "")
      ? words.needsEvidence
      : undefined
  return html`<section class="card">${isChild ? guardian : ""}
${choice({ name: "method", legend: words.method, chosen: field(form, "method") }, words.methods)}
${textField({ name: "evidence", label: words.evidence, hint: words.evidenceHint, value: field(form, "evidence"), fault: evidence })}</section>`
}

function show(visit: Visit, person: Person, standing: Standing | undefined, fault?: Fault): Shown {
  const { words } = visit
  const title = words.atDesk
  const name = html`<p><strong>${words.patient}:</strong> ${person.full_name ?? "–"}</p>`
  if (standing === undefined) return { kind: "page", title, main: html`${name}<p class="card">${words.noNotice}</p>` }
  const done = receipt(visit, standing.events)
  const note = fault !== undefined ? warned(words[fault]) : done === undefined ? "" : said(done)
  const options = { action: visit.path, mayGrant: true, more: more(visit, standing, fault) }
  const main = html`${note}${name}<p>${words.intro}</p>${consentForm(visit, standing, options)}`
  return { kind: "page", title, main, formId: "choices", ...(fault !== undefined && { status: statusOf(fault) }) }
}

/** What somebody says at the desk, written down by the staff: also the only place where a parent says yes for a child. */
export function deskConsentPages(wk: Wardkeep): Page[] {
  const find = async (visit: Visit): Promise<Person> => {
    const id = field(new URLSearchParams(visit.params), "id", 36)
    const { rows } = await wk.query<Person>("select id, full_name, dob::text as dob from patient where id::text = $1", [
      id,
    ])
    return oneRow(rows, "patient")
  }
  const read = async (visit: Visit) => {
    const person = await find(visit)
    return { person, standing: await standingOf(wk, visit, person, "desk") }
  }
  const save = async (visit: Visit): Promise<Answer> => {
    const { person, standing } = await read(visit)
    if (standing === undefined || isDraft(visit.form)) return show(visit, person, standing)
    const to = (id: string): Answer => ({ kind: "go", to: `${visit.path}?event=${id}#said` })
    const purpose = withdrawn(visit, standing)
    if (purpose !== undefined) {
      const id = await withdraw(wk, standing, purpose, { channel: "desk", method: "spoken", ...acting(standing) })
      return id === undefined ? show(visit, person, standing, "nothingToWithdraw") : to(id)
    }
    const decisions = readForm(visit.form, standing)
    if (typeof decisions === "string") return show(visit, person, standing, decisions)
    const [evidence, method] = [field(visit.form, "evidence"), field(visit.form, "method")]
    const gives = Object.values(decisions).includes("granted")
    const [by, who, how] = ofChild.map((name) => field(visit.form, name))
    if (gives && standing.isChild && [by, who, how, evidence].includes(""))
      return show(visit, person, standing, "needsParent")
    if (method === "" || (gives && evidence === "")) return show(visit, person, standing, "needsEvidence")
    const { subject, notice } = standing
    const giver = by === "child_guardian" ? "child_guardian" : "parent"
    const told = { notice: notice.id, language: notice.language, channel: "desk", method }
    const decided: Decided = { subject, ...told, ...(evidence !== "" && { evidence }), decisions }
    const acts = async (q: InContext): Promise<Partial<Acting>> => {
      if (!gives || !standing.isChild) return {}
      const verified = { as: giver, who: who ?? "", how: how ?? "", evidence } as const
      return { by: giver, representation: await represent(q, { subject, ...verified }) }
    }
    const id = await record(wk, decided, field(visit.form, "seen"), acts)
    return id === undefined ? show(visit, person, (await read(visit)).standing, "stale") : to(id)
  }
  return [
    {
      method: "get",
      path: "/desk/patients/:id",
      roles: ["reception"],
      async handle(visit) {
        const { person, standing } = await read(visit)
        return show(visit, person, standing)
      },
    },
    { method: "post", path: "/desk/patients/:id", roles: ["reception"], handle: save },
  ]
}
