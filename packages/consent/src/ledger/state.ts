import { WardkeepError } from "@wardkeep/core"
import type { ConsentEvent, Giver } from "./event.js"
import { adultFrom } from "./majority.js"

/** Where a person stood about one purpose at one moment. */
export interface ConsentState {
  /**
   * `none`: nothing was ever said. `expired`: its time ran out, or who gave it for a child no longer may.
   */
  readonly state: "none" | "requested" | "granted" | "refused" | "withdrawn" | "expired"
  /** Whether the person objected to a purpose that needs no consent. */
  readonly objected: boolean
  /** The event that this rests on; undefined for `none`. */
  readonly since?: string
  readonly by?: Giver
  /** When it ends by itself, as far as it does. */
  readonly until?: Date
}

type Act = Pick<ConsentEvent, "at" | "kind" | "purpose" | "by" | "valid_until">

export interface Question {
  readonly purpose: string
  /** The moment that is asked about; a text may have microseconds. */
  readonly at: Date | string
  /** The day of birth, `YYYY-MM-DD`; null where nobody knows it. Default: what the events say. */
  readonly born?: string | null
}

/**
 * Where a person stood about one purpose, from the events alone: the same events and the same moment give the same answer on
 * every machine, at any later time.
 *
 * @throws WK009 a day of birth that is no day, or a moment that is none: a text needs its offset, such as `Z` or `+05:30`
 * @example consentAt(events, { purpose: "outreach", at: new Date("2027-06-01T00:00:00+05:30") })
 */
export function consentAt(events: readonly (Act & { readonly born?: string | null })[], asked: Question): ConsentState {
  const moment = instant(asked.at)
  const born = asked.born === undefined ? (events.at(-1)?.born ?? null) : asked.born
  let consent: ConsentState["state"] = "none"
  let objected = false
  let last: Act | undefined
  for (const event of saidUntil(events, asked)) {
    if (event.kind === "objected" || event.kind === "objection_lifted") {
      objected = event.kind === "objected"
      continue
    }
    const next = stateAfter(event.kind)
    if (next === undefined) continue
    consent = next
    last = event
  }
  if (last === undefined) return { state: consent, objected }
  const by = last.by === null ? {} : { by: last.by }
  if (consent !== "granted") return { state: consent, objected, since: last.at, ...by }
  const until = endOf(last, born)
  const state = until !== undefined && instant(until) <= moment ? "expired" : "granted"
  return { state, objected, since: last.at, ...by, ...(until !== undefined && { until }) }
}

/** What was said about a purpose until a moment, oldest first. */
export function saidUntil<E extends Pick<Act, "at" | "purpose">>(
  events: readonly E[],
  { purpose, at: until }: Pick<Question, "purpose" | "at">,
): readonly E[] {
  const moment = instant(until)
  return events
    .filter((event) => event.purpose === purpose)
    .map((event) => ({ event, at: instant(event.at) }))
    .filter(({ at }) => at <= moment)
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ event }) => event)
}

function stateAfter(kind: Act["kind"]): ConsentState["state"] | undefined {
  if (kind === "renewed") return "granted"
  return kind === "requested" || kind === "granted" || kind === "refused" || kind === "withdrawn" || kind === "expired"
    ? kind
    : undefined
}

/** The earlier of its own end and the eighteenth birthday; what a child gave for itself never held, nor what
 * somebody gave for it who is neither a parent nor in the place of one. */
function endOf({ at, by, valid_until }: Act, born: string | null): Date | undefined {
  const ends = valid_until === null ? [] : [valid_until]
  const adult = born === null ? undefined : adultFrom(born)
  if ((by === "parent" || by === "child_guardian") && adult !== undefined) ends.push(adult)
  const alone = by === "subject" || by === "guardian" || by === "nominee"
  if (alone && (adult === undefined || instant(adult) > instant(at))) ends.push(new Date(at))
  return ends.length === 0 ? undefined : new Date(Math.min(...ends.map((end) => end.getTime())))
}

/** Microseconds since 1970: a Date would lose the order of events of one call. Without an offset a text is another moment on each machine. */
function instant(at: Date | string): bigint {
  const [, seconds = "", fraction = "", offset = ""] =
    at instanceof Date ? [] : (/^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(at) ?? [])
  const milliseconds = at instanceof Date ? at.getTime() : Date.parse(`${seconds}${offset}`)
  if (Number.isNaN(milliseconds))
    throw new WardkeepError("WK009", {
      message: "that is not a moment",
      hint: "Write it with its offset, such as 2027-06-01T00:00:00+05:30.",
    })
  return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, "0").slice(0, 6))
}
