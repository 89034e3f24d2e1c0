import type { ReportFinding } from "../report/report.js"
import { checkOf } from "./checks.js"
import { type Answer, type Header, headerOf } from "./exchange.js"
import type { Difference } from "./oracle.js"
import { curlOf } from "./replay.js"
import type { Pair, Stage } from "./stage.js"
import type { Shown } from "./view.js"

/**
 * An address that shows each account its own: whoever asks with the other one's tag must not be told that nothing changed,
 * for then the other one's answer was at hand. A tag that the asker's own answer has too says nothing.
 */
export async function askWithTheirTags(stage: Stage, { attacker, victim }: Pair): Promise<Difference[]> {
  const differences: Difference[] = []
  for (const shown of stage.liveOf(victim.name).filter(({ call }) => call.method === "GET")) {
    if (stage.gate.stopped !== undefined) break
    if (stage.isCommon(shown.call)) continue
    const own = stage.liveOf(attacker.name).find(({ call }) => call.method === "GET" && call.url === shown.call.url)
    const theirs = headerOf(shown.answer.headers, "etag")
    const mine = own && headerOf(own.answer.headers, "etag")
    if (own === undefined || theirs === undefined || mine === undefined || theirs === mine) continue
    const found = await askedWith(stage, { attacker, victim }, shown, own, theirs)
    if (found !== undefined) differences.push(found)
  }
  return differences
}

async function askedWith(
  stage: Stage,
  { attacker, victim }: Pair,
  original: Shown,
  own: Shown,
  tag: string,
): Promise<Difference | undefined> {
  const withTag = (value: string) => {
    const headers: Header[] = [...own.call.headers, ["if-none-match", value]]
    return { ...own.call, headers }
  }
  const answer = await stage.gate.ask(withTag(tag), attacker)
  stage.count("WKC209", "probes")
  if (answer === undefined) return undefined
  stage.count("WKC209", "controls")
  // A server that says so of every tag tells nothing.
  if (answer.status !== 304 || (await stage.gate.ask(withTag('"wk-no-such-tag"'), attacker))?.status === 304) {
    return undefined
  }
  const { route, slots } = own
  const names = { check: "WKC209" as const, route, attacker: attacker.name, victim: victim.name }
  const how = `status 304 to the ETag of ${victim.name}'s answer, which ${attacker.name}'s own answer does not have`
  const call = withTag(tag)
  return {
    tried: { ...names, call, answer, reading: stage.read(call, answer), controls: [own.answer], slots, original, how },
    how,
  }
}

/** Answers that only one account may see and that every cache on the way is told to keep: hygiene, until one does. */
export function keptByCaches(stage: Stage): ReportFinding[] {
  const routes = new Map<string, Shown>()
  for (const shown of stage.shown) {
    const isOpen = !stage.isPrivate(shown) || shown.call.method !== "GET" || stage.isCommon(shown.call)
    if (!isOpen && isForAll(shown.answer) && !routes.has(shown.route)) routes.set(shown.route, shown)
  }
  return [...routes.values()].map(({ route, account, call, slots, answer }) => {
    const { check, fix, cwe, cvss } = checkOf("WKC209")
    return {
      check,
      verdict: "LEAK",
      severity: "hygiene",
      object: route,
      message: `What only ${account} may see is marked for every cache between: one that keeps it gives it to whoever asks next.`,
      evidence: `Cache-Control: ${headerOf(answer.headers, "cache-control") ?? ""}, and no Vary for who asks; no cache was seen to do so`,
      replay: curlOf({
        call,
        attacker: stage.accounts.find(({ name }) => name === account),
        marker: stage.gate.marker,
        slots,
        credentialsAlsoAt: stage.scope.credentialsAlsoAt,
      }),
      fix,
      cwe,
      cvss,
    }
  })
}

/** `s-maxage` and `public` are for shared caches; what varies with who asks is kept apart. */
function isForAll({ headers, status }: Answer): boolean {
  const control = headerOf(headers, "cache-control")?.toLowerCase() ?? ""
  const varies = /\*|cookie|authorization/i.test(headerOf(headers, "vary") ?? "")
  const isKept = /\bpublic\b|\bs-maxage=[1-9]/.test(control) && !/\b(private|no-store|no-cache)\b/.test(control)
  return status === 200 && isKept && !/max-age=0\b/.test(control) && !varies
}
