import { randomBytes } from "node:crypto"
import { carriedBy, classify, namedBy } from "./carried.js"
import { isDenied } from "./denial.js"
import { type Account, type Call, identityOf, succeeded } from "./exchange.js"
import { expand } from "./expand.js"
import { callBy } from "./messages.js"
import { signatureIn } from "./signatures.js"
import type { Pair, Stage } from "./stage.js"
import { type Shown, shownOf } from "./view.js"

const instancesPerRoute = 4

/** Asks for everything that each account may have, as itself: the controls of all later probes. */
export async function takeBaseline(stage: Stage): Promise<void> {
  for (const { account, call, answer } of stage.recorded) {
    if (answer.status < 400) stage.show(account, call, answer, false)
  }
  for (const account of stage.accounts) {
    stage.progress(`asking as ${account.name}`)
    const calls = new Map(
      stage.recorded
        .filter((one) => one.account === account.name && one.answer.status < 400)
        .map(({ call }) => [identityOf(call), call]),
    )
    const perRoute = new Map<string, number>()
    for (const call of calls.values()) {
      const route = stage.routes.of(call)
      const count = (perRoute.get(route) ?? 0) + 1
      perRoute.set(route, count)
      if (count <= instancesPerRoute && stage.gate.stopped === undefined) await askAs(stage, account, call)
    }
    if (stage.api !== undefined) await expand(stage, stage.api, account, (call) => askAs(stage, account, call))
  }
}

/** The account's own question. True if it was answered well. */
async function askAs(stage: Stage, account: Account, call: Call): Promise<boolean> {
  const answer = await stage.gate.ask(call, account)
  if (answer === undefined || answer.status >= 400) {
    const before = stage.failures.get(account.name) ?? []
    if (answer !== undefined) stage.failures.set(account.name, [...before, answer.status])
    return false
  }
  const before = stage.shown.find((one) => one.live && one.account !== account.name && one.call.url === call.url)
  const fresh = before === undefined ? undefined : await freshIfShared(stage, account, before, call, answer)
  stage.show(account.name, call, fresh ?? answer, true)
  return succeeded(answer) || call.messages !== undefined
}

/**
 * Two accounts that get the same values from one address: a list for everybody, or somebody else's answer out of a
 * cache. A question that no cache has heard yet tells them apart. The fresh answer, if it differs.
 */
async function freshIfShared(
  stage: Stage,
  account: Account,
  before: Shown,
  call: Call,
  answer: Shown["answer"],
): Promise<Shown["answer"] | undefined> {
  const { reading, route, slots } = shownOf(account.name, call, answer, stage.routes, true)
  const shared = [...reading.tokens.keys()].filter((token) => before.reading.tokens.has(token))
  if (shared.length === 0 || call.method !== "GET" || call.messages !== undefined) return undefined
  const url = new URL(call.url)
  url.searchParams.set("_", randomBytes(6).toString("hex"))
  const fresh = await stage.gate.ask({ ...call, url: url.href }, account)
  if (!succeeded(fresh)) return undefined
  const tokens = shownOf(account.name, call, fresh, stage.routes, true).reading.tokens
  stage.count("WKC209", "probes")
  if (shared.some((token) => tokens.has(token))) return undefined
  stage.count("WKC209", "controls")
  const how = "the same address right after its owner asked for it; a fresh answer does not have these values"
  const pair = { attacker: account.name, victim: before.account }
  stage.tried.push({
    check: "WKC209",
    route,
    ...pair,
    call,
    answer,
    reading,
    controls: [fresh],
    slots,
    contrast: true,
    how,
  })
  return fresh
}

/** What nobody in particular is shown is public, unless the application keeps it from nobody elsewhere. */
export async function askAsNobody(stage: Stage): Promise<void> {
  const asked = new Map<string, number>()
  for (const shown of stage.shown.filter(({ live, call }) => live && call.messages === undefined)) {
    const key = `${shown.account} ${shown.route}`
    const count = (asked.get(key) ?? 0) + 1
    asked.set(key, count)
    if (count > 2 || signatureIn(shown.call) !== undefined) continue
    const { call, account, route, slots } = shown
    const own = stage.accounts.find(({ name }) => name === account)?.ambient.map(([name]) => name) ?? []
    const anonymous = { ...call, headers: call.headers.filter(([name]) => !own.includes(name.toLowerCase())) }
    const answer = await stage.gate.ask(anonymous)
    if (answer === undefined) continue
    stage.count("WKC213", "probes")
    const seen = shownOf("nobody", call, answer, stage.routes, true)
    if (isDenied(shown, answer, new Set(seen.reading.tokens.keys()))) {
      stage.count("WKC213", "controls")
      stage.keptFromNobody.add(shown)
      stage.denialsOf(account, undefined).add(shown)
    }
    if (!succeeded(answer)) continue
    stage.nobody.add(seen, false)
    const names = { route, attacker: undefined, victim: account }
    const tried = { ...names, call: anonymous, answer, reading: seen.reading, slots, original: shown }
    const declared = stage.routes.needsLogin(call)
    if (declared === false) continue
    const how = "without credentials"
    stage.tried.push({ check: "WKC213", ...tried, controls: [], how, ...(declared ? { contrast: true } : {}) })
  }
}

/** Somebody else's question as it is, with the attacker's credentials. */
export async function askTheOthersQuestions(stage: Stage): Promise<void> {
  for (const { attacker, victim } of stage.pairs) {
    stage.progress(`asking ${victim.name}'s questions as ${attacker.name}`)
    const own = new Set(stage.liveOf(attacker.name).map(({ call }) => identityOf(call)))
    const views = { victim: stage.viewOf(victim.name), attacker: stage.viewOf(attacker.name) }
    const perRoute = new Map<string, number>()
    for (const shown of stage.liveOf(victim.name)) {
      const carried = carriedBy(shown.slots, views)
      const key = `${shown.route} ${carried.length > 0}`
      const count = (perRoute.get(key) ?? 0) + 1
      perRoute.set(key, count)
      if (count > 2 || own.has(identityOf(shown.call)) || signatureIn(shown.call) !== undefined) continue
      await repeatAs(stage, { attacker, victim }, shown, carried)
    }
  }
}

async function repeatAs(stage: Stage, pair: Pair, shown: Shown, carried: Shown["slots"]): Promise<void> {
  const { attacker, victim } = pair
  const chosen = victim.ambient.map(([name]) => name.toLowerCase())
  const said = callBy(
    stage.shownTo(attacker.name).map((one) => one.call),
    shown.call,
  )
  if (said === undefined) {
    stage.notCovered.add(
      `${shown.route}: its messages say who speaks, and ${attacker.name} recorded none that do; they were not said.`,
    )
    return
  }
  const call = { ...said, headers: said.headers.filter(([name]) => !chosen.includes(name.toLowerCase())) }
  const answer = await stage.gate.ask(call, attacker)
  if (answer === undefined) return
  const seen = shownOf(attacker.name, call, answer, stage.routes, true)
  const check = classify(call, namedBy(shown.slots, carried), shown.answer, stage.links.has(call.url))
  stage.count(check, "probes")
  const control = stage
    .liveOf(attacker.name)
    .some(({ route, reading }) => route === shown.route && reading.items.length > 0)
  if (control) stage.count(check, "controls")
  else if (carried.length > 0)
    stage.notCovered.add(`${shown.route}: ${attacker.name} has nothing of its own there, so a refusal says little.`)
  const denied = isDenied(shown, answer, new Set(seen.reading.tokens.keys()))
  if (denied && control && shown.slots.length > 0) stage.denialsOf(victim.name, attacker.name).add(shown)
  const names = { route: shown.route, attacker: attacker.name, victim: victim.name }
  const how =
    shown.slots.length > 0 ? `${victim.name}'s request with ${attacker.name}'s credentials` : "the same question"
  stage.tried.push({
    check,
    ...names,
    call,
    answer,
    reading: seen.reading,
    controls: [],
    slots: shown.slots,
    original: shown,
    how,
  })
  if (carried.length > 0 || !succeeded(answer)) return
  const fresh = await freshIfShared(stage, attacker, shown, call, answer)
  stage.repeated.push({
    pair,
    shown: fresh === undefined ? seen : shownOf(attacker.name, call, fresh, stage.routes, true),
  })
}
