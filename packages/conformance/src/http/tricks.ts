import { carriedBy, namesOnlyOf } from "./carried.js"
import { isCredentialParameter } from "./credentials.js"
import { type Account, type Credential, type Header, succeeded } from "./exchange.js"
import { namesFor } from "./expand.js"
import { isTenantKind, kindOfSlot, singular } from "./kind.js"
import { isSecret } from "./messages.js"
import { replaced } from "./oracle.js"
import type { Slot } from "./route.js"
import type { Pair, Stage } from "./stage.js"
import { nameTheTenant } from "./tenant-tricks.js"
import { isName } from "./token.js"
import { attempt, type Tricks, tenantsFor, withHeaders, withQuery } from "./trick.js"
import type { Shown, View } from "./view.js"

/** For each of them a dozen requests are made. */
const routesPerTrick = 100

/** The attacker's own requests, changed so that they name what is the victim's. */
export async function playTricks(stage: Stage, pair: Pair): Promise<void> {
  const { victim, attacker } = stage.knowledgeOf(pair.victim.name, pair.attacker.name)
  const tricks = { stage, pair, victim, attacker }
  stage.progress(`changing ${pair.attacker.name}'s requests to name ${pair.victim.name}'s`)
  const all = onePerRoute(stage.liveOf(pair.attacker.name))
  const own = all.filter(({ call }) => call.messages === undefined)
  for (const shown of all.filter(({ call }) => call.messages !== undefined)) await changeSlots(tricks, shown)
  for (const shown of own) {
    if (stage.gate.stopped !== undefined) return
    await changeSlots(tricks, shown)
    await changeDeclared(tricks, shown)
  }
  const lists = own.filter(({ call, answer }) => call.method === "GET" && succeeded(answer))
  for (const shown of within(stage, lists)) await nameTheTenant(tricks, shown)
  for (const shown of within(stage, onePerRoute(stage.liveOf(pair.victim.name)))) await override(tricks, shown)
}

/** The first routes; what is left out is said. */
export function within(stage: Pick<Stage, "notCovered">, shown: readonly Shown[]): readonly Shown[] {
  for (const { route } of shown.slice(routesPerTrick))
    stage.notCovered.add(
      `${route}: headers and parameters that name another tenant were tried on the first ${routesPerTrick} routes.`,
    )
  return shown.slice(0, routesPerTrick)
}

function onePerRoute(list: readonly Shown[]): Shown[] {
  return [...new Map(list.map((shown) => [shown.route, shown])).values()]
}

/** Each value of the request, alone, for a value of the same kind that the victim has. */
async function changeSlots(tricks: Tricks, shown: Shown): Promise<void> {
  const { stage, pair, victim, attacker } = tricks
  const twin = stage.liveOf(pair.victim.name).find(({ route }) => route === shown.route)
  const places = shown.slots.filter(({ place }) => place === "path" || place === "query").length
  for (const [index, slot] of shown.slots.entries()) {
    // The victim's own request was sent already. Where it names several things, each is tried among the attacker's others.
    if (slot.place === "path" && twin !== undefined && places < 2) continue
    // With the other one's token in a message it would be the other one that speaks.
    if (shown.call.messages !== undefined && isSecret(slot.name)) continue
    // Nothing stands there that could be found again in the request.
    if (slot.value === "") continue
    const same = twin?.slots[index]
    const own = same?.name === slot.name && same.value !== slot.value ? [same.value] : []
    const [other] = [...own, ...theirs(slot, tricks)]
    if (other === undefined) continue
    const isList = slot.value.includes(",") || /ids(\[\])?$/i.test(slot.name)
    const value = isList ? `${slot.value},${other}` : other
    const call = replaced(shown.call, [slot.value], [value])
    const how = `${isName(slot.name) ? slot.name : "a value"} in the ${slot.place} changed to ${pair.victim.name}'s`
    await attempt(tricks, shown, shown.route, { call, how, slots: [{ ...slot, value }] })
  }
  for (const [place, account, slot] of switched(pair, victim, attacker)) {
    const how = `the ${place} ${slot.name} changed to ${pair.victim.name}'s`
    await attempt(tricks, shown, shown.route, { call: shown.call, how, slots: [slot], check: "WKC204", account })
  }
}

function theirs(slot: Slot, { victim, attacker }: Tricks): string[] {
  const kind = slot.place === "path" ? singular(slot.name) : kindOfSlot(slot.name)
  const [first = ""] = slot.value.split(",")
  const kinds = [kind, ...[...attacker.kinds].filter(([, values]) => values.has(first)).map(([name]) => name)]
  const tenants = kinds.flatMap((one) => tenantsFor(one, { victim, attacker }))
  const others = kinds.flatMap((one) =>
    victim.namesOf(one).filter((value) => !attacker.knows(value, one) && value !== ""),
  )
  return [...tenants, ...others]
}

/** Headers and cookies of the account that choose something, set to what the victim chose. */
function switched({ attacker, victim }: Pair, theirView: View, ownView: View): [string, Account, Slot][] {
  const other = (name: string): string | undefined =>
    victim.ambient.find(([key]) => key === name)?.[1] ??
    tenantsFor(kindOfSlot(name), { victim: theirView, attacker: ownView })[0]
  const headers = attacker.ambient.flatMap(([name, own]): [string, Account, Slot][] => {
    const value = other(name)
    if (value === undefined || value === own) return []
    const ambient = attacker.ambient.map(([key, was]): Header => [key, key === name ? value : was])
    return [["header", { ...attacker, ambient }, { place: "header", name, value }]]
  })
  const all = attacker.credentials.flatMap(([name, cookie]) =>
    name === "cookie" ? cookie.split(/;\s*/).map((part): [string, string] => [cookie, part]) : [],
  )
  const cookies = all.flatMap(([cookie, part]): [string, Account, Slot][] => {
    const [name = "", own = ""] = part.split("=", 2)
    const value = isTenantKind(kindOfSlot(name)) ? other(name) : undefined
    if (value === undefined || value === own) return []
    const changed = cookie.replace(part, `${name}=${value}`)
    const credentials = attacker.credentials.map(
      ([key, was, origins = []]): Credential => [key, key === "cookie" && was === cookie ? changed : was, origins],
    )
    return [["cookie", { ...attacker, credentials }, { place: "header", name, value }]]
  })
  return [...headers, ...cookies]
}

/** Parameters that the API's document allows and that the request did not use. */
async function changeDeclared(tricks: Tricks, shown: Shown): Promise<void> {
  const { stage, victim, attacker } = tricks
  const operation = stage.routes.operationOf(shown.call)
  for (const { name, in: place, schema } of operation?.parameters ?? []) {
    if (
      (place !== "query" && place !== "header") ||
      isCredentialParameter(name) ||
      shown.slots.some((slot) => slot.name === name)
    )
      continue
    const before = stage.routes.collectionOf(shown.call)
    const tenants = tenantsFor(kindOfSlot(name), tricks)
    const others = namesFor(name, before, victim).filter((value) => !attacker.knows(value, kindOfSlot(name)))
    const named = [...tenants, ...others]
    const choices = schema.type === "boolean" ? ["true"] : Array.isArray(schema.enum) ? schema.enum.map(String) : []
    const words = /^(q|query|search|term|name|filter|keyword|phone|mobile|email)$/i.test(name)
      ? wordsOf(victim, attacker)
      : []
    for (const value of [...named.slice(0, 1), ...choices.slice(0, 4), ...words]) {
      const how = `the parameter ${name} of the API's document`
      const call = place === "query" ? withQuery(shown.call, [[name, value]]) : withHeaders(shown.call, [[name, value]])
      await attempt(tricks, shown, shown.route, { call, how, slots: [{ place, name, value }] })
    }
  }
}

/** Something to search for that only the victim's rows hold. */
function wordsOf(victim: View, attacker: View): string[] {
  const own = [...victim.tokens].filter(([token]) => !attacker.tokens.has(token))
  const digits = own.find(([token]) => /^\d{9,15}$/.test(token))?.[0]
  const [name] = namesOnlyOf({ victim, attacker })
  return [digits, name].filter((value) => value !== undefined)
}

/** Reading behind a method that other rules apply to. Only where the scope allows POST there. */
async function override(tricks: Tricks, original: Shown): Promise<void> {
  const { stage, pair } = tricks
  if (original.call.method !== "GET" || carriedBy(original.slots, tricks).length === 0) return
  const call = withHeaders({ ...original.call, method: "POST" }, [["x-http-method-override", "GET"]])
  if (!stage.gate.allows(call)) return
  const route = stage.routes.of(original.call).replace(/^GET/, "POST")
  const how = `${pair.victim.name}'s address with POST and X-HTTP-Method-Override: GET`
  await attempt(tricks, undefined, route, { call, how, slots: original.slots, check: "WKC216", original })
}
