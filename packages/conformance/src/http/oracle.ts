import { carriedBy } from "./carried.js"
import { type Account, type Answer, type Call, type Header, headerOf, succeeded } from "./exchange.js"
import type { Knowledge, Tried } from "./judge.js"
import type { Slot } from "./route.js"
import { inventedLike, shapeOf } from "./sameness.js"
import type { Stage } from "./stage.js"
import { strongTokens } from "./token.js"

/** A difference between what exists elsewhere and what exists nowhere. */
export interface Difference {
  readonly tried: Tried
  readonly how: string
}

/**
 * Asks once more for the victim's id and twice for ids that nothing has. An oracle is what answers the same to each kind
 * and differently between them. What the attacker may see anyway is none.
 */
export async function compareWithInvented(
  stage: Stage,
  attacker: Account,
  tried: Tried,
  knowledge: Knowledge,
): Promise<Difference | undefined> {
  const carried = carriedBy(tried.slots, knowledge).filter(({ place }) => place === "path" || place === "query")
  if (carried.length === 0 || tried.call.messages !== undefined) return undefined
  if (succeeded(tried.answer) && (isKnown(tried, knowledge) || isAmbiguous(tried, carried))) return undefined
  const usual = await differs(stage, attacker, tried.call, carried)
  const { status } = tried.answer
  if (usual !== undefined) return { tried, how: `${usual} (GET and an id that nothing has)` }
  if (tried.call.method !== "GET" || status < 400) return undefined
  const head = await differs(stage, attacker, { ...tried.call, method: "HEAD" }, carried)
  if (head !== undefined) return { tried: { ...tried, call: { ...tried.call, method: "HEAD" } }, how: `HEAD: ${head}` }
  return await conditional(stage, attacker, tried)
}

/** A page of which every value is shown to the attacker, or to nobody in particular, somewhere else too. */
function isKnown({ reading, call }: Tried, { attacker, common, nobody }: Knowledge): boolean {
  const views = [attacker, common, nobody]
  return reading.leaves.every(
    ({ key, text }) => call.url.includes(text) || views.some(({ texts }) => texts.has(`${key}=${text}`)),
  )
}

/** Two tenants may both have a number 5: then only the other one's own answer would tell. */
function isAmbiguous({ answer, original }: Tried, carried: readonly Slot[]): boolean {
  const asked = carried.map(({ value }) => value)
  if (asked.some((value) => strongTokens(value).length > 0)) return false
  return original === undefined || shapeOf(answer, asked) !== shapeOf(original.answer, asked)
}

async function differs(
  stage: Stage,
  attacker: Account,
  call: Call,
  carried: readonly Slot[],
): Promise<string | undefined> {
  const asked = carried.map(({ value }) => value)
  const real: string[] = []
  const invented: string[] = []
  const answers: Answer[] = []
  for (let turn = 0; turn < 2; turn++) {
    const there = await stage.gate.ask(call, attacker)
    const values = asked.map(inventedLike)
    const nowhere = await stage.gate.ask(replaced(call, asked, values), attacker)
    if (there === undefined || nowhere === undefined) return undefined
    real.push(shapeOf(there, asked) + sizeOf(there, call))
    invented.push(shapeOf(nowhere, values) + sizeOf(nowhere, call))
    answers.push(there, nowhere)
    stage.count("WKC212", "probes", 2)
    // Most applications do not tell; the second turn is only to be sure of those that seem to.
    if (turn === 0 && real[0] === invented[0]) {
      stage.count("WKC212", "controls")
      return undefined
    }
  }
  if (real[0] !== real[1] || invented[0] !== invented[1]) return undefined
  stage.count("WKC212", "controls")
  const [there, nowhere] = answers
  return there?.status === nowhere?.status
    ? `status ${there?.status} for both, another body`
    : `status ${there?.status} instead of ${nowhere?.status}`
}

/** HEAD has no body, and says how long it would be. */
const sizeOf = (answer: Answer, call: Call): string =>
  call.method === "HEAD" && answer.status < 300 ? ` ${headerOf(answer.headers, "content-length") ?? ""}` : ""

/** A conditional request that is answered from its tag or its date before anybody is asked. */
async function conditional(stage: Stage, attacker: Account, tried: Tried): Promise<Difference | undefined> {
  const { original } = tried
  if (original === undefined) return undefined
  for (const { name, condition, value } of conditionsOf(original.answer)) {
    const call = { ...tried.call, headers: [...tried.call.headers, [condition, value] satisfies Header] }
    const answer = await stage.gate.ask(call, attacker)
    stage.count("WKC209", "probes")
    if (answer?.status !== 304) continue
    return {
      tried: { ...tried, check: "WKC209", call, answer },
      how: `status 304 to its ${name}, although the row is refused`,
    }
  }
  return undefined
}

/** What a browser would ask with the next time. */
function conditionsOf({
  headers,
}: Answer): { readonly name: string; readonly condition: string; readonly value: string }[] {
  const pairs = [
    ["ETag", "if-none-match", headerOf(headers, "etag")],
    ["Last-Modified", "if-modified-since", headerOf(headers, "last-modified")],
  ] as const
  return pairs.flatMap(([name, condition, value]) => (value === undefined ? [] : [{ name, condition, value }]))
}

/** The call with other values in the same places. */
export function replaced(call: Call, values: readonly string[], others: readonly string[]): Call {
  const exchange = (text: string): string =>
    values.reduce((rest, value, at) => rest.replaceAll(value, others[at] ?? value), text)
  const url = new URL(call.url)
  url.pathname = url.pathname
    .split("/")
    .map((segment) => encodeURIComponent(exchange(decodeURIComponent(segment))))
    .join("/")
  for (const [name, value] of [...url.searchParams]) url.searchParams.set(name, exchange(value))
  return {
    ...call,
    url: url.href,
    headers: call.headers.map(([name, value]) => [name, exchange(value)]),
    ...(call.body === undefined ? {} : { body: exchange(call.body) }),
    ...(call.messages === undefined ? {} : { messages: call.messages.map(exchange) }),
  }
}
