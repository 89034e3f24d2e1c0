import type { Wardkeep } from "wardkeep"
import {
  type Decided,
  type DecisionKind,
  decide,
  history,
  notices,
  type PublishedText,
  serveNotice,
} from "wardkeep/consent"
import { ClinicError, oneRow } from "../http/clinic-error.js"
import { answersOf, consentForm, isChildOn, lastDecision, receipt, type Standing, stateOf } from "./consent-form.js"
import { type Html, html } from "./html.js"
import { newest } from "./notice.js"
import { said, warned } from "./shell.js"
import { type Answer, field, isDraft, type Page, type Shown, type Visit } from "./visit.js"
import type { Words } from "./words/index.js"

export interface Person {
  readonly id: string
  readonly full_name: string | null
  readonly dob: string | null
}

/** Undefined: the clinic asks nothing yet. What is shown is recorded as served, once in each language. */
export async function standingOf(
  wk: Wardkeep,
  visit: Visit,
  person: Person,
  channel: string,
): Promise<Standing | undefined> {
  const texts = await notices(wk)
  const notice = newest(texts, visit.language) ?? newest(texts, "en")
  if (notice === undefined) return undefined
  const { language } = notice
  const told = async () => await history(wk, person.id)
  const events = await told()
  const served = events.some((one) => one.kind === "served" && one.notice === notice.id && one.language === language)
  if (!served) {
    const evidence = `answer ${visit.requestId}`
    await serveNotice(wk, { subject: person.id, notice: notice.id, language, channel, evidence })
  }
  const isChild = isChildOn(person.dob, new Date())
  return { subject: person.id, isChild, notice, events: served ? events : await told() }
}

/** What keeps a form from being saved; the person sees how it stands, and what was chosen. */
export type Fault = keyof Pick<
  Words,
  "stale" | "newNotice" | "notInNotice" | "nothingChosen" | "needsEvidence" | "needsParent" | "nothingToWithdraw"
>

export type InContext = Parameters<typeof decide>[0]

/** Raised inside the transaction, so that nothing of the form is saved. */
class Stale extends Error {}

/** What the form says against the notice it was made from, or what is wrong with it. */
export function readForm(form: URLSearchParams, standing: Standing): Readonly<Record<string, DecisionKind>> | Fault {
  const answers = answersOf(form)
  const asked = new Set(standing.notice.items.map(({ purpose }) => purpose))
  const named = [...form.keys()].filter((name) => name.startsWith("choice."))
  if (field(form, "notice") !== standing.notice.id) return "newNotice"
  if (named.some((name) => !asked.has(name.slice("choice.".length)))) return "notInNotice"
  if (answers.size === 0) return "nothingChosen"
  if (field(form, "seen") !== lastDecision(standing.events)) return "stale"
  return Object.fromEntries(
    [...answers].map(([purpose, answer]) => [purpose, answer === "yes" ? "granted" : "refused"]),
  )
}

/**
 * Records what was decided, if nothing else was decided since the form was made. The ledger's lock on the person is taken by
 * the decision, so the look behind it sees whatever another window saved first.
 */
export async function record(
  wk: Wardkeep,
  decided: Decided,
  seen: string,
  acts: (q: InContext) => Promise<Partial<Decided>> = async () => ({}),
): Promise<string | undefined> {
  try {
    return await wk.tx(async (q) => {
      const ids = await decide(q, { ...decided, ...(await acts(q)) })
      const before = (await history(q, decided.subject)).filter(({ id }) => !ids.includes(id))
      if (lastDecision(before) !== seen) throw new Stale()
      return ids[0]
    })
  } catch (error) {
    if (error instanceof Stale) return undefined
    throw error
  }
}

/** A yes that stands is taken back whatever else happened meanwhile. */
export async function withdraw(
  wk: Wardkeep,
  standing: Standing,
  purpose: string,
  how: Pick<Decided, "channel" | "method" | "by" | "representation">,
): Promise<string | undefined> {
  if (stateOf(standing, purpose).state !== "granted") return undefined
  const [id] = await decide(wk, { subject: standing.subject, ...how, decisions: { [purpose]: "withdrawn" } })
  return id
}

/** Where the purpose of a form that takes a yes back is none of the notice's. */
export function withdrawn(visit: Visit, { notice }: { readonly notice: PublishedText }): string | undefined {
  if (!visit.form.has("withdraw")) return undefined
  const purpose = field(visit.form, "withdraw", 60)
  if (notice.items.some((item) => item.purpose === purpose)) return purpose
  throw new ClinicError(404, "not_found", "There is no such purpose.")
}

const here = "/pages/consent"

function show(visit: Visit, standing: Standing | undefined, fault?: Fault): Shown {
  const { words } = visit
  const title = words.consent
  if (standing === undefined) return { kind: "page", title, main: html`<p class="card">${words.noNotice}</p>` }
  const done = receipt(visit, standing.events)
  const note: Html | "" = fault !== undefined ? warned(words[fault]) : done === undefined ? "" : said(done)
  const mayGrant = !standing.isChild
  const main = html`${note}<p>${words.intro}</p>${consentForm(visit, standing, { action: here, mayGrant })}`
  return { kind: "page", title, main, formId: "choices", ...(fault !== undefined && { status: statusOf(fault) }) }
}

export const statusOf = (fault: Fault): number => (fault === "stale" || fault === "newNotice" ? 409 : 422)

/** What a patient reads, decides and takes back, for nobody else: the role is confined to the patient's own row. */
export function consentPages(wk: Wardkeep): Page[] {
  const own = async (visit: Visit) => {
    const { rows } = await wk.query<Person>("select id, full_name, dob::text as dob from patient")
    return await standingOf(wk, visit, oneRow(rows, "patient"), "portal")
  }
  return [
    { method: "get", path: "/consent", roles: ["patient"], handle: async (visit) => show(visit, await own(visit)) },
    {
      method: "post",
      path: "/consent",
      roles: ["patient"],
      async handle(visit): Promise<Answer> {
        const standing = await own(visit)
        if (standing === undefined || isDraft(visit.form)) return show(visit, standing)
        const purpose = withdrawn(visit, standing)
        if (purpose !== undefined) {
          const id = await withdraw(wk, standing, purpose, { channel: "portal", method: "button" })
          return id === undefined
            ? show(visit, standing, "nothingToWithdraw")
            : { kind: "go", to: `${here}?event=${id}#said` }
        }
        const decisions = readForm(visit.form, standing)
        if (typeof decisions === "string") return show(visit, standing, decisions)
        const { subject, notice } = standing
        const said = { channel: "portal", method: "button", evidence: `answer ${visit.requestId}` }
        const decided = { subject, notice: notice.id, language: notice.language, ...said, decisions }
        const id = await record(wk, decided, field(visit.form, "seen"))
        return id === undefined
          ? show(visit, await own(visit), "stale")
          : { kind: "go", to: `${here}?event=${id}#said` }
      },
    },
  ]
}
