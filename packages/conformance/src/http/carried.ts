import type { CheckId } from "./checks.js"
import { type Answer, type Call, headerOf } from "./exchange.js"
import { kindOfSlot, singular } from "./kind.js"
import type { Slot } from "./route.js"
import { normal, strongTokens } from "./token.js"
import type { View } from "./view.js"

/** Segments and parameters that count or order, and name nothing. */
const counting = /^(pages?|year|month|week|day|date|from|to|step|version|lang|locale|limit|offset|size|sort|order)$/i

/** The slots whose value the victim has and the attacker was never shown. */
export function carriedBy(
  slots: readonly Slot[],
  { victim, attacker }: { readonly victim: View; readonly attacker: View },
): Slot[] {
  const tenants = new Set(victim.tenantsBeside(attacker).map(([, value]) => value))
  return slots.filter(({ place, name, value }) => {
    if (counting.test(name)) return false
    if (tenants.has(value) || (place !== "path" && isPerson(value, { victim, attacker }))) return true
    return value.split(",").some((part) => {
      const kind = place === "path" ? singular(name) : kindOfSlot(name)
      const tokens = strongTokens(part)
      if (tokens.some((token) => victim.tokens.has(token) && !attacker.tokens.has(token))) return true
      if (tokens.length > 0 && place === "path") return !attacker.knows(part, kind)
      return victim.knows(part, kind) && !attacker.knows(part, kind)
    })
  })
}

const fullName = /^\p{L}+( \p{L}+)+$/u

/**
 * Names of the people behind the victim's rows: a name beside a telephone number or an address for mail that the attacker
 * was never shown.
 */
export function namesOnlyOf({ victim, attacker }: { readonly victim: View; readonly attacker: View }): string[] {
  const isOfSomebody = (token: string): boolean =>
    /^\d{9,15}$|@/.test(token) && victim.tokens.has(token) && !attacker.tokens.has(token)
  const names = [...victim.items.values()].flatMap(({ item }) =>
    item.leaves.some(({ tokens }) => tokens.some(isOfSomebody))
      ? item.leaves.filter(({ key, text }) => /name/i.test(key) && fullName.test(text))
      : [],
  )
  return [...new Set(names.map(({ text }) => text))].filter((text) => !attacker.weak.has(normal(text)))
}

function isPerson(value: string, views: { readonly victim: View; readonly attacker: View }): boolean {
  return fullName.test(value) && namesOnlyOf(views).some((name) => normal(name) === normal(value))
}

/** What to call a request by: what it carries, or else the ids in it that everybody knows. */
export function namedBy(slots: readonly Slot[], carried: readonly Slot[]): readonly Slot[] {
  return carried.length > 0 ? carried : slots.filter(({ place, name }) => place === "path" && !counting.test(name))
}

const byPlace = { path: "WKC201", query: "WKC202", body: "WKC203", header: "WKC204" } as const

/** Which class of hole a request belongs to, by what it carries and by what answers it. */
export function classify(call: Call, carried: readonly Slot[], answer: Answer, isLink: boolean): CheckId {
  const type = headerOf(answer.headers, "content-type") ?? ""
  if (call.url.startsWith("ws")) return "WKC211"
  if (type.includes("event-stream")) return "WKC210"
  if (answer.status >= 400) return "WKC214"
  if (answer.status >= 300) return "WKC215"
  if (isLink) return "WKC208"
  const attached = headerOf(answer.headers, "content-disposition")?.includes("attachment")
  const { pathname } = new URL(call.url)
  const isExport =
    /csv|zip|spreadsheet|excel/.test(type) || /\/(export|download)s?\b|\.(csv|xlsx?|zip)$/i.test(pathname)
  if (isExport) return "WKC207"
  if (answer.binary || attached || /pdf/.test(type)) return "WKC208"
  if (carried.some(({ name, value }) => value.includes(",") || /ids(\[\])?$/i.test(name))) return "WKC206"
  const place = (["path", "query", "body", "header"] as const).find((one) => carried.some((slot) => slot.place === one))
  return place === undefined ? "WKC205" : byPlace[place]
}
