import { carriedBy, classify, namesOnlyOf } from "./carried.js"
import type { CheckId } from "./checks.js"
import { isCredentialParameter } from "./credentials.js"
import { type Account, type Call, type Credential, type Header, succeeded } from "./exchange.js"
import { namesFor } from "./expand.js"
import { isTenantKind, kindOfSlot, singular } from "./kind.js"
import { replaced } from "./oracle.js"
import type { Slot } from "./route.js"
import type { Pair, Stage } from "./stage.js"
import { isName } from "./token.js"
import type { Shown, View } from "./view.js"

interface Tricks {
  readonly stage: Stage
  readonly pair: Pair
  readonly victim: View
  readonly attacker: View
}

const routesPerTrick = 25

/** The attacker's own requests, changed so that they name what is the victim's. */
export async function playTricks(stage: Stage, pair: Pair): Promise<void> {
  const { victim, attacker } = stage.knowledgeOf(pair.victim.name, pair.attacker.name)
  const tricks = { stage, pair, victim, attacker }
  stage.progress(`changing ${pair.attacker.name}'s requests to name ${pair.victim.name}'s`)
  const own = onePerRoute(stage.liveOf(pair.attacker.name)).filter(({ call }) => call.messages === undefined)
  for (const shown of own) {
    if (stage.gate.stopped !== undefined) return
    await changeSlots(tricks, shown)
    await changeDeclared(tricks, shown)
  }
  const lists = own.filter(({ call, answer }) => call.method === "GET" && succeeded(answer)).slice(0, routesPerTrick)
  for (const shown of lists) await nameTheTenant(tricks, shown)
  for (const shown of onePerRoute(stage.liveOf(pair.victim.name)).slice(0, routesPerTrick))
    await override(tricks, shown)
}

function onePerRoute(list: readonly Shown[]): Shown[] {
  return [...new Map(list.map((shown) => [shown.route, shown])).values()]
}

interface Trick {
  readonly call: Call
  readonly how: string
  readonly slots: readonly Slot[]
  readonly check?: CheckId
  readonly account?: Account
  readonly original?: Shown
}

/** Sends it as the attacker and keeps what came back. True if it was answered with success. */
async function attempt(tricks: Tricks, shown: Shown | undefined, route: string, trick: Trick): Promise<boolean> {
  const { stage, pair } = tricks
  const { call, slots, how, account = pair.attacker, original } = trick
  const answer = await stage.gate.ask(call, account)
  if (answer === undefined) return false
  const check =
    trick.check ?? classify(call, carriedBy(slots, tricks), shown?.answer ?? answer, stage.links.has(call.url))
  stage.count(check, "probes")
  if (shown !== undefined) stage.count(check, "controls")
  const controls = shown === undefined ? [] : [shown.answer]
  const names = { check, route, attacker: pair.attacker.name, victim: pair.victim.name }
  const reading = stage.read(call, answer)
  const as = account === pair.attacker ? {} : { as: account }
  const own = { ...(original === undefined ? {} : { original }), ...(shown === undefined ? {} : { plain: shown.call }) }
  stage.tried.push({ ...names, call, answer, reading, controls, slots, how, ...as, ...own })
  return succeeded(answer)
}

/** Each value of the request, alone, for a value of the same kind that the victim has. */
async function changeSlots(tricks: Tricks, shown: Shown): Promise<void> {
  const { stage, pair, victim, attacker } = tricks
  const twin = stage.liveOf(pair.victim.name).find(({ route }) => route === shown.route)
  const places = shown.slots.filter(({ place }) => place === "path" || place === "query").length
  for (const [index, slot] of shown.slots.entries()) {
    // The victim's own request was sent already. Where it names several things, each is tried among the attacker's others.
    if (slot.place === "path" && twin !== undefined && places < 2) continue
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

/** Applications call one thing clinic here and branch there, so any tenant may be meant; the right kind comes first. */
function tenantsFor(kind: string, { victim, attacker }: Pick<Tricks, "victim" | "attacker">): string[] {
  if (!isTenantKind(kind)) return []
  const tenants = victim.tenantsBeside(attacker)
  return [...tenants.filter(([own]) => own === kind), ...tenants.filter(([own]) => own !== kind)].map(
    ([, value]) => value,
  )
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

/** Parameters and headers that applications read the tenant from, all at once. */
async function nameTheTenant(tricks: Tricks, shown: Shown): Promise<void> {
  const { pair, victim, attacker } = tricks
  const tenants = underUsualNames(victim.tenantsBeside(attacker))
  const headers = tenants.flatMap(([kind, value]) => [`x-${kind}-id`, `x-${kind}`].map((name): Header => [name, value]))
  const call = withHeaders(shown.call, headers)
  const slots = headers.map(([name, value]): Slot => ({ place: "header", name, value }))
  const how = `headers that name ${pair.victim.name}'s tenant: ${headers.map(([name]) => name).join(", ")}`
  if (headers.length > 0) await attempt(tricks, shown, shown.route, { call, how, slots, check: "WKC204" })
  if (shown.route.includes("{")) return
  const spelt = (kinds: readonly [string, string][]): [string, string][] =>
    kinds.flatMap(([kind, value]) => [kind, `${kind}_id`, `${kind}Id`].map((name): [string, string] => [name, value]))
  const all = await query(tricks, shown, spelt(tenants))
  // Strict applications refuse what they do not know, so a few are tried alone.
  if (!all)
    for (const [kind, value] of tenants.slice(0, 2))
      for (const name of [kind, `${kind}_id`]) await query(tricks, shown, [[name, value]])
  if (all) await query(tricks, shown, spelt(referencesIn(shown, victim, attacker)))
  const kind = singular(tricks.stage.routes.collectionOf(shown.call))
  const ids = victim.namesOf(kind).filter((id) => !attacker.knows(id, kind))
  if (all && ids.length > 0)
    await query(tricks, shown, [
      ["ids", ids.slice(0, 3).join(",")],
      ["id", ids[0] ?? ""],
    ])
  await widen(tricks, shown, all)
}

/** Without its filters, and with the words that ask for everything. */
async function widen(tricks: Tricks, shown: Shown, takesAny: boolean): Promise<void> {
  const url = new URL(shown.call.url)
  const bare = { ...shown.call, url: withoutFilters(url) }
  const attemptOf = (call: Call, how: string) => attempt(tricks, shown, shown.route, { call, how, slots: [] })
  if (bare.url !== url.href) await attemptOf(bare, "its address without parameters")
  const everything = [["all", "true"] as const, ["scope", "all"] as const]
  if (takesAny) await attemptOf(withQuery(shown.call, everything), "the parameters all=true and scope=all")
}

function withoutFilters(url: URL): string {
  const bare = new URL(url)
  for (const name of url.searchParams.keys()) if (!isCredentialParameter(name)) bare.searchParams.delete(name)
  return bare.href
}

async function query(tricks: Tricks, shown: Shown, params: readonly (readonly [string, string])[]): Promise<boolean> {
  if (params.length === 0) return true
  const slots = params.map(([name, value]): Slot => ({ place: "query", name, value }))
  const how = `parameters that name ${tricks.pair.victim.name}'s: ${params.map(([name]) => name).join(", ")}`
  return await attempt(tricks, shown, shown.route, { call: withQuery(shown.call, params), how, slots })
}

/** One tenant of each kind, and the first under the names that are used most. */
function underUsualNames(tenants: readonly [string, string][]): [string, string][] {
  const [first] = tenants
  if (first === undefined) return []
  const usual = ["tenant", "clinic", "branch", "org"].map((kind): [string, string] => [kind, first[1]])
  const own = [...tenants].reverse()
  return [...new Map([...usual, ...own])].sort(([a], [b]) => Number(b === first[0]) - Number(a === first[0]))
}

/** Kinds that the rows of a list refer to: the usual filters. */
function referencesIn(shown: Shown, victim: View, attacker: View): [string, string][] {
  const kinds = new Set(shown.reading.leaves.flatMap(({ kind }) => (kind === undefined ? [] : [kind])))
  return [...kinds]
    .filter((kind) => !isTenantKind(kind))
    .flatMap((kind): [string, string][] => {
      const value = victim.namesOf(kind).find((one) => !attacker.knows(one, kind))
      return value === undefined ? [] : [[kind, value]]
    })
    .slice(0, 6)
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

function withQuery(call: Call, params: readonly (readonly [string, string])[]): Call {
  const url = new URL(call.url)
  // With the victim's credentials it would be the victim that asks.
  for (const [name, value] of params) if (!isCredentialParameter(name)) url.searchParams.set(name, value)
  return { ...call, url: url.href }
}

const withHeaders = (call: Call, headers: readonly Header[]): Call => ({
  ...call,
  headers: [...call.headers, ...headers],
})
