import { WardkeepError } from "@wardkeep/core"
import type { Report } from "../report/report.js"
import { askAsNobody, askTheOthersQuestions, takeBaseline } from "./baseline.js"
import type { Account, Exchange } from "./exchange.js"
import { checkResults, distinct, findingsOf, type Hit, hitsOf, judged } from "./findings.js"
import { Gate } from "./gate.js"
import { evidenceIn } from "./judge.js"
import { singular } from "./kind.js"
import { followLinks } from "./links.js"
import type { Api } from "./openapi.js"
import { compareWithInvented, type Difference } from "./oracle.js"
import { type Clock, systemClock } from "./pace.js"
import { prepared } from "./prepare.js"
import { readAnswer } from "./reading.js"
import { Routes } from "./route.js"
import { refusal, type Scope } from "./scope.js"
import { askWithTheirTags, keptByCaches } from "./shared-cache.js"
import { forgeSignatures, outliveSignatures } from "./signatures.js"
import { Stage } from "./stage.js"
import { type Limits, type Send, sendOverHttp, usualLimits } from "./transport.js"
import { playTricks } from "./tricks.js"
import { sendOverSocket } from "./websocket.js"

export interface HttpRun {
  /** Two or more; each of them must be signed in. */
  readonly accounts: readonly Account[]
  readonly scope: Scope
  /** What the accounts recorded, where something was. */
  readonly recorded?: readonly Exchange[]
  readonly api?: Api
  /** Where the API of the document is; its first server unless given. */
  readonly baseUrl?: string
  /** Of this tool. */
  readonly version: string
  readonly clock?: Clock
  readonly send?: Send
  readonly limits?: Limits
  readonly progress?: (text: string) => void
}

const sendOverAny: Send = (call, limits) => (call.url.startsWith("ws") ? sendOverSocket : sendOverHttp)(call, limits)

/**
 * Asks for each account's resources as every other account, and as nobody, inside the scope. Changes nothing unless the
 * scope lists a method that does.
 *
 * @throws WK753 nothing may be sent, WK754 fewer than two accounts, WK755 the server does not answer
 * @example const report = await verifyHttp({ accounts: [a, b], recorded, scope: parseScope(text), version: "1.0.0" })
 */
export async function verifyHttp(run: HttpRun): Promise<Report> {
  const { clock = systemClock, send = sendOverAny, limits = usualLimits } = run
  const baseUrl = baseUrlOf(run)
  const { accounts, recorded, silenced } = prepared(run.accounts, run.recorded ?? [], run.scope, baseUrl)
  checkAccounts(accounts)
  checkScope({ ...run, recorded }, baseUrl, clock)
  const startedAt = clock.date()
  const credentials = accounts.flatMap((account) => account.credentials.map(([name]) => name.toLowerCase()))
  const gate = new Gate({ scope: run.scope, clock, send, limits, credentials })
  const { scope, api, progress = () => undefined } = run
  const routes = new Routes(api?.operations ?? [], pathOf(baseUrl), namesIn(recorded))
  const stage = new Stage(gate, scope, accounts, recorded, api, baseUrl, routes, progress)
  stage.silenced = silenced
  const hits = await play(stage)
  const groups = distinct(hits)
  await repeat(stage, groups)
  const leaks = findingsOf(stage, groups)
  const findings = [...leaks, ...keptByCaches(stage)]
  const why = inconclusive(stage)
  return {
    tool: { name: "wardkeep", version: run.version },
    mode: "http",
    verdict: leaks.length > 0 ? "LEAK" : why === undefined ? "NOT_FOUND" : "INCONCLUSIVE",
    startedAt: new Date(startedAt).toISOString(),
    seconds: Math.round((clock.date() - startedAt) / 100) / 10,
    server: serverOf(stage),
    probes: [...stage.tally.values()].reduce((sum, { probes }) => sum + probes, 0),
    checks: checkResults(stage, leaks, why),
    findings,
    notCovered: notCovered(stage, why),
  }
}

async function play(stage: Stage): Promise<Hit[]> {
  await takeBaseline(stage)
  if (stage.gate.sent > 0 && stage.shown.every(({ live }) => !live) && !stage.gate.wasAnswered)
    throw new WardkeepError("WK755", { message: `${serverOf(stage)} did not answer` })
  await followLinks(stage)
  await askAsNobody(stage)
  await askTheOthersQuestions(stage)
  stage.settle()
  const differences: Difference[] = []
  for (const pair of stage.pairs) {
    const knowledge = stage.knowledgeOf(pair.victim.name, pair.attacker.name)
    const repeats = stage.tried.filter((one) => one.victim === pair.victim.name && one.attacker === pair.attacker.name)
    const perRoute = new Map(repeats.map((tried) => [tried.route, tried]))
    for (const tried of perRoute.values()) {
      if (stage.gate.stopped !== undefined || stage.isCommon(tried.call) || evidenceIn(tried, knowledge).length > 0)
        continue
      const difference = await compareWithInvented(stage, pair.attacker, tried, knowledge)
      if (difference !== undefined) differences.push(difference)
    }
    await forgeSignatures(stage, pair)
    await playTricks(stage, pair)
    differences.push(...(await askWithTheirTags(stage, pair)))
  }
  // At last, because it waits until addresses have expired.
  for (const pair of stage.pairs) await outliveSignatures(stage, pair)
  return [...judged(stage), ...hitsOf(differences)]
}

/**
 * The victim's own request first, then the probe once more. Of a changed request also the unchanged one: what it shows by
 * now, because a cache was filled meanwhile or a row was added, is no effect of the change.
 */
async function repeat(stage: Stage, groups: Map<string, Hit[]>): Promise<void> {
  for (const [key, [hit]] of groups) {
    if (hit === undefined || hit.difference !== undefined || stage.gate.stopped !== undefined) continue
    const { tried } = hit
    const attacker = stage.accounts.find(({ name }) => name === tried.attacker)
    const victim = stage.accounts.find(({ name }) => name === tried.victim)
    const knowledge = stage.knowledgeOf(tried.victim, tried.attacker)
    const plain = tried.plain === undefined ? undefined : await stage.gate.ask(tried.plain, attacker)
    const controls = plain === undefined ? tried.controls : [...tried.controls, plain]
    if (tried.original !== undefined) await stage.gate.ask(tried.original.call, victim)
    const answer = await stage.gate.ask(tried.call, tried.as ?? attacker)
    if (evidenceIn({ ...tried, controls }, knowledge).length === 0) groups.delete(key)
    if (answer === undefined) continue
    const again = { ...tried, controls, answer, reading: stage.read(tried.call, answer) }
    hit.repeated = evidenceIn(again, knowledge).length > 0
  }
}

function checkAccounts(accounts: readonly Account[]): void {
  const names = accounts.map(({ name }) => name).join(", ")
  if (accounts.length < 2)
    throw new WardkeepError("WK754", {
      message: `one account cannot be told from another: ${names || "none"} was given`,
    })
  const silent = accounts
    .filter(({ credentials, parameters = [] }) => credentials.length + parameters.length === 0)
    .map(({ name }) => name)
  if (silent.length > 0) {
    const message = `${silent.join(", ")} has no cookie, Authorization or other credential`
    const hint =
      "Browsers leave credentials out of a HAR unless they are asked for; export again with them, or add --as."
    throw new WardkeepError("WK754", { message, hint })
  }
  const [first, ...others] = accounts.map(({ credentials, parameters = [] }) => {
    const values = [...credentials, ...parameters].map(([name, value]) => [name, value])
    return JSON.stringify(values)
  })
  if (others.some((other) => other === first))
    throw new WardkeepError("WK754", { message: "two accounts have the same credentials" })
}

function checkScope({ scope, recorded = [], api }: HttpRun, baseUrl: string, clock: Clock): void {
  if (clock.date() >= Date.parse(scope.stopAt))
    throw new WardkeepError("WK753", { message: `stopAt (${scope.stopAt}) is in the past` })
  const documented = (api?.operations ?? []).map(({ method, path }) => ({ method, url: baseUrl + path }))
  const reasons = [...recorded.map(({ call }) => call), ...documented].map((call) => refusal(scope, call))
  if (reasons.length > 0 && reasons.some((reason) => reason === undefined)) return
  const detail = [...new Set(reasons)].slice(0, 5).join("; ") || "there is nothing to ask"
  throw new WardkeepError("WK753", { message: "the scope allows none of the requests", detail })
}

function baseUrlOf({ api, baseUrl, scope }: HttpRun): string {
  const [server] = api?.servers ?? []
  const found = baseUrl ?? (server !== undefined && URL.canParse(server) ? server : undefined)
  if (api === undefined || found !== undefined) return (found ?? "").replace(/\/$/, "")
  const [host = ""] = scope.hosts
  return `${host.includes("://") ? host : `https://${host}`}${server ?? ""}`.replace(/\/$/, "")
}

const pathOf = (baseUrl: string): string => (URL.canParse(baseUrl) ? new URL(baseUrl).pathname.replace(/\/$/, "") : "")

/** What the recorded answers name, so that a slug in an address is recognised as one. */
function namesIn(recorded: readonly Exchange[]): (segment: string, before: string) => boolean {
  const names = new Set<string>()
  for (const { call, answer } of recorded) {
    const collection = new URL(call.url).pathname.split("/").at(-1) ?? ""
    for (const { kind, text } of readAnswer(answer, collection).leaves)
      if (kind !== undefined) names.add(`${kind} ${text}`)
  }
  return (segment, before) => before !== "" && names.has(`${singular(before)} ${segment}`)
}

function serverOf({ shown, recorded, baseUrl }: Stage): string {
  const url = shown[0]?.call.url ?? recorded[0]?.call.url ?? baseUrl
  return URL.canParse(url) ? new URL(url).origin : ""
}

/** Why a run without findings is no pass. */
function inconclusive(stage: Stage): string | undefined {
  const { gate } = stage
  if (gate.stopped !== undefined) return `the run stopped early: ${gate.stopped}`
  for (const { name } of stage.accounts) {
    const live = stage.liveOf(name)
    if (live.length === 0) {
      const statuses = stage.failures.get(name) ?? []
      const answers = [...new Set(statuses)].join(", ") || "none"
      return `none of ${name}'s own requests was answered well (status ${answers}): its login may have expired; sign in and record again`
    }
    if (stage.denialsOf(name, undefined).tokens.size === 0 && !live.some((shown) => stage.isPrivate(shown)))
      return `${name} is shown nothing that nobody else is: its login may have expired, or nothing private was asked for`
  }
  for (const { attacker, victim } of stage.pairs) {
    if (!stage.hasOwn(victim.name, attacker.name))
      return `${victim.name} is shown nothing that ${attacker.name} is not: give each account a record that the other cannot have`
    if (stage.shared.size > 0 && stage.denialsOf(victim.name, attacker.name).refusals === 0)
      return `${attacker.name} was refused nothing of ${victim.name}'s: all is shared or nothing is isolated; plant canaries and name them in the scope file`
  }
  const proven = [...stage.tally].some(
    ([check, { controls }]) => check !== "WKC213" && check !== "WKC209" && controls > 0,
  )
  return proven ? undefined : "no request of one account could be compared with one of another account's own"
}

function notCovered(stage: Stage, why: string | undefined): string[] {
  const kept = [...stage.gate.refused].map(
    ([reason, n]) => `${n} request${n === 1 ? " was" : "s were"} not sent: ${reason}.`,
  )
  return [
    ...(why === undefined ? [] : [`Inconclusive: ${why}.`]),
    ...stage.notCovered,
    ...(stage.silenced === 0
      ? []
      : [`WebSockets: ${stage.silenced} recorded messages were not said, because they may change something.`]),
    ...[...stage.shared].map(
      (route) =>
        `${route} shows several accounts the same: taken as shared, because they are shown its id or ask without one.`,
    ),
    ...kept,
    ...neverExchanged(stage),
    "Differences in time; events that nobody triggered during the run; writing, unless the scope lists the method.",
  ]
}

/** A parameter that says who asks may be a record elsewhere: the ticket of a queue, the session of a consultation. */
function neverExchanged({ accounts }: Stage): string[] {
  const names = new Set(accounts.flatMap(({ parameters }) => (parameters ?? []).map(([name]) => name)))
  if (names.size === 0) return []
  const list = [...names].sort().join(", ")
  return [`Parameters taken for credentials, whose values were not exchanged between accounts: ${list}.`]
}
