import type { CheckResult, ReportFinding } from "../report/report.js"
import { carriedBy, classify, namedBy } from "./carried.js"
import { type CheckId, checkOf, httpChecks } from "./checks.js"
import { type Evidence, evidenceIn, type Knowledge, type Tried } from "./judge.js"
import type { Difference } from "./oracle.js"
import { curlOf } from "./replay.js"
import { asTried, type Stage } from "./stage.js"

export interface Hit {
  readonly tried: Tried
  readonly evidence: readonly Evidence[]
  /** Of an oracle: what differs. */
  readonly difference?: string
  /** Whether it came back when it was asked once more. */
  repeated?: boolean
}

/** Everything that was tried or shown, judged by everything that is known now. */
export function judged(stage: Stage): Hit[] {
  const everyone = [...stage.accounts.map(({ name }) => name), undefined]
  const hits: Hit[] = []
  for (const { name: victim } of stage.accounts) {
    for (const attacker of everyone.filter((one) => one !== victim)) {
      const knowledge = stage.knowledgeOf(victim, attacker)
      const own = attacker === undefined ? [] : stage.shownTo(attacker).map((shown) => asTried(shown, victim, attacker))
      const probes = stage.tried.filter((tried) => tried.victim === victim && tried.attacker === attacker)
      for (const tried of [...probes, ...own]) {
        if (stage.isCommon(tried.call)) continue
        const evidence = evidenceIn(tried, knowledge)
        if (evidence.length === 0 && isShared(tried)) stage.shared.add(tried.route)
        if (evidence.length > 0) hits.push({ tried: { ...tried, check: classOf(stage, tried, knowledge) }, evidence })
      }
    }
  }
  return hits
}

/** The same question with the same answer for both. */
function isShared({ original, answer, attacker }: Tried): boolean {
  return (
    original !== undefined && attacker !== undefined && answer.bytes > 2 && answer.digest === original.answer.digest
  )
}

/** Only at the end is it known what the attacker had seen anyway, and so what the request carried. */
function classOf(
  stage: Stage,
  { check, call, slots, original, attacker, contrast }: Tried,
  knowledge: Knowledge,
): CheckId {
  if (original === undefined || attacker === undefined || contrast === true || check === "WKC216") return check
  return classify(
    call,
    namedBy(slots, carriedBy(slots, knowledge)),
    original.answer,
    stage.links.has(original.call.url),
  )
}

export function hitsOf(differences: readonly Difference[]): Hit[] {
  return differences.map(({ tried, how }) => {
    const check: CheckId = tried.check === "WKC209" ? "WKC209" : "WKC212"
    return { tried: { ...tried, check }, evidence: [], difference: how }
  })
}

const byAnswer = ({ check, answer }: Tried): CheckId => {
  if (check === "WKC213" || check === "WKC209" || check === "WKC212" || check === "WKC211") return check
  if (answer.status >= 400) return "WKC214"
  return answer.status >= 300 ? "WKC215" : check
}

/** One hit for each class and route: the same hole found twice is one finding. */
export function distinct(hits: readonly Hit[]): Map<string, Hit[]> {
  const groups = new Map<string, Hit[]>()
  for (const hit of hits) {
    const key = `${byAnswer(hit.tried)} ${hit.tried.route}`
    groups.set(key, [...(groups.get(key) ?? []), hit])
  }
  const has = (check: string, route: string): boolean => groups.has(`${check} ${route}`)
  const plain = ["WKC201", "WKC202", "WKC203", "WKC205", "WKC206", "WKC207", "WKC208", "WKC210", "WKC211"]
  const isDouble = (check: string, route: string): boolean => {
    const leaks = plain.filter((one) => has(one, route) || has(one, route.replace(/^(HEAD|POST)/, "GET")))
    // What is wide open needs no trick; a cached answer is not a list of everybody's rows; nobody includes everybody.
    if (check === "WKC212") return [...groups.keys()].some((key) => key.endsWith(` ${route}`) && !key.startsWith(check))
    if (check === "WKC216") return leaks.length > 0
    if (check === "WKC209") return leaks.some((one) => one !== "WKC205")
    if (check === "WKC205" && has("WKC209", route)) return true
    return plain.includes(check) && has("WKC213", route)
  }
  const doubles = [...groups.keys()].filter((key) => isDouble(key.slice(0, 6), key.slice(7)))
  for (const key of doubles) groups.delete(key)
  return groups
}

export function findingsOf(stage: Stage, groups: ReadonlyMap<string, readonly Hit[]>): ReportFinding[] {
  return [...groups].flatMap(([key, hits]) => {
    const [first] = hits
    if (first === undefined) return []
    const [check = ""] = key.split(" ")
    const about = checkOf(httpChecks.find((one) => one.check === check)?.check as CheckId)
    const { tried } = first
    const attacker = stage.accounts.find(({ name }) => name === tried.attacker)
    const message = about.message.replaceAll("%v", tried.victim).replaceAll("%a", tried.attacker ?? "nobody")
    return [
      {
        check: about.check,
        verdict: "LEAK" as const,
        severity: about.severity,
        object: tried.route,
        message,
        evidence: evidenceText(first, hits),
        replay: curlOf({
          call: tried.call,
          attacker: tried.as ?? attacker,
          marker: stage.gate.marker,
          slots: stage.routes.slotsOf(tried.call),
          credentialsAlsoAt: stage.scope.credentialsAlsoAt,
        }),
        fix: about.fix,
        cwe: about.cwe,
        cvss: about.cvss,
      },
    ]
  })
}

function evidenceText({ tried, evidence, difference, repeated }: Hit, all: readonly Hit[]): string {
  const pairs = new Set(all.map((hit) => `${hit.tried.attacker ?? "nobody"} saw ${hit.tried.victim}'s`))
  const canaries = evidence.slice(0, 5).map((one) => `canary "${one.canary}" at ${one.path}, sha256 ${one.sha256}`)
  const more = evidence.length > 5 ? [`and ${evidence.length - 5} more`] : []
  const again = repeated === undefined ? [] : [repeated ? "seen again when repeated" : "not seen again when repeated"]
  const what = difference === undefined ? [...canaries, ...more] : [difference]
  return [`by ${tried.how}, status ${tried.answer.status}`, ...what, [...pairs].join(", "), ...again].join("; ")
}

export function checkResults(stage: Stage, findings: readonly ReportFinding[], why: string | undefined): CheckResult[] {
  return httpChecks.map(({ check, title }): CheckResult => {
    const { probes, controls } = stage.tally.get(check) ?? { probes: 0, controls: 0 }
    const base = { check, title, probes, controls }
    if (findings.some((finding) => finding.check === check)) return { ...base, verdict: "LEAK" }
    if (why !== undefined) return { ...base, verdict: "INCONCLUSIVE", reason: why }
    if (check === "WKC211" && stage.silenced > 0 && controls === 0)
      return {
        ...base,
        verdict: "INCONCLUSIVE",
        reason: "recorded messages were not said; list WS in methods and a pattern for them in messages",
      }
    if (probes === 0)
      return { ...base, verdict: "NOT_APPLICABLE", reason: "nothing of this kind was recorded or documented" }
    if (controls > 0) return { ...base, verdict: "NOT_FOUND" }
    const reason = "no account has something of its own there; record or create one for each account"
    return { ...base, verdict: "INCONCLUSIVE", reason }
  })
}
