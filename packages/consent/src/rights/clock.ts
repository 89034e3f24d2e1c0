import { WardkeepError } from "@wardkeep/core"
import { dayInIndia, later } from "../law/calendar.js"
import { dueAt } from "../law/deadline.js"
import type { Law } from "../law/law.js"
import { type Tense, tenseOf } from "../law/tense.js"
import type { Asked } from "./request.js"

/** Rules that can set the clock of a request. The Rules set no number of days for access, correction, erasure or nomination. */
const clocks: Readonly<Record<Asked, readonly string[]>> = {
  access: [],
  correction: [],
  erasure: [],
  grievance: ["dpdp-rules-14-3", "spdi-rules-5-grievance"],
  nomination: [],
}
const copies = "imc-regs-1-3-2"

export interface ClockQuestion {
  readonly asked: Asked
  readonly receivedAt: Date
  /** The period that the clinic publishes, such as `P30D`, which is the default: its own choice, not statute. */
  readonly published?: string
  /** The person wants copies of medical records, which have a clock of their own. */
  readonly recordsToo?: boolean
}

export interface RequestClock {
  readonly dueAt: Date
  /** The id of the rule, or null where the clinic's own period is the earliest. */
  readonly rule: string | null
  /** What was compared: each rule's answer, also of those that do not bind on that day. */
  readonly considered: readonly { readonly rule: string | null; readonly tense: Tense | null; readonly dueAt: Date }[]
}

/**
 * By when a request is answered: the earliest of what binds on the day it was received, and of the period that the clinic
 * publishes. Source of every number: the law data, with its grades.
 *
 * @throws WK501 the law data lacks a rule that sets a clock · WK009 `published` is not a length
 * @example requestClock(loadLaw(), { asked: "grievance", receivedAt: new Date("2026-11-28T00:00:00Z") }).rule
 */
export function requestClock(law: Law, question: ClockQuestion): RequestClock {
  const { asked, receivedAt, published = "P30D", recordsToo = false } = question
  const on = dayInIndia(receivedAt)
  const rules = [...clocks[asked], ...(recordsToo && asked === "access" ? [copies] : [])].map((id) => {
    const rule = law.obligations.find((one) => one.id === id)
    const due = rule?.period === undefined ? null : dueAt(rule.period, receivedAt)
    if (rule === undefined || due === null)
      throw new WardkeepError("WK501", { message: `the law data has no period under ${id}` })
    return { rule: id, tense: tenseOf(rule.force, on, law.readOn), dueAt: due }
  })
  const own = { rule: null, tense: null, dueAt: later(receivedAt, published) }
  const considered = [...rules, own]
  // Who does not know since when a rule binds keeps it.
  const binding = considered.filter(({ tense }) => tense === null || tense === "in_force" || tense === "unknown")
  const first = binding.reduce((a, b) => (b.dueAt < a.dueAt ? b : a), own as (typeof considered)[number])
  return { dueAt: first.dueAt, rule: first.rule, considered }
}
