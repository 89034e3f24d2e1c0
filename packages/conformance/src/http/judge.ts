import { carriedBy } from "./carried.js"
import type { CheckId } from "./checks.js"
import type { Denials } from "./denial.js"
import { type Account, type Answer, type Call, sha256 } from "./exchange.js"
import { isReference } from "./kind.js"
import { type Item, type Leaf, type Reading, readAnswer } from "./reading.js"
import { decodeURIComponentSafe, type Slot } from "./route.js"
import { isName, isWeak, normal } from "./token.js"
import { itemKey, type Shown, type View } from "./view.js"

/** One probe and what came back. */
export interface Tried {
  readonly check: CheckId
  readonly route: string
  /** `undefined` asked without credentials. */
  readonly attacker: string | undefined
  readonly victim: string
  readonly call: Call
  readonly answer: Answer
  readonly reading: Reading
  /** What the attacker gets without the trick: whatever is in it proves nothing. */
  readonly controls: readonly Answer[]
  /** The attacker's own request that was changed, if one was. */
  readonly plain?: Call
  /** What the request names; if only the victim has one of these, seeing the victim's values is no accident. */
  readonly slots: readonly Slot[]
  /** A fresh answer to the same question lacked what this one has: no further proof is needed. */
  readonly contrast?: boolean
  /** The victim's own answer to the same question. */
  readonly original?: Shown
  /** What was done, in a few words. */
  readonly how: string
  /** The attacker with a header or cookie changed. */
  readonly as?: Account
}

export interface Evidence {
  /** Whose and where it was first seen: never the value. */
  readonly canary: string
  readonly path: string
  readonly sha256: string
}

/** What is known about a pair when everything was asked. */
export interface Knowledge {
  readonly victim: View
  readonly attacker: View
  /** What the attacker is shown in answer to questions of the victim that name nothing of the victim's. */
  readonly common: View
  readonly nobody: View
  readonly denials: Denials
  /** Canaries that the testers planted. */
  readonly planted: readonly string[]
}

/** The victim's values in this answer that the attacker should not have been given. */
export function evidenceIn(tried: Tried, knowledge: Knowledge): Evidence[] {
  const { reading } = tried
  const known = given(tried)
  const counts = (token: string): boolean => !known.has(token)
  const planted = plantedIn(tried, knowledge, reading)
  const denied = reading.items.flatMap((item) =>
    knowledge.denials
      .evidenceIn(item, counts, tried.attacker === undefined)
      .map((token) => found(token, item.leaves, knowledge, tried.victim)),
  )
  if (planted.length + denied.length > 0) return unique([...planted, ...denied])
  if (!tried.contrast && (tried.attacker === undefined || carriedBy(tried.slots, knowledge).length === 0)) return []
  const strong = exclusive(reading, tried, knowledge, counts)
  if (strong.length > 0) return unique(strong)
  return unique([...sameRecords(reading, tried, knowledge, counts), ...sameFile(tried, knowledge)])
}

/** Everything that was sent, and everything that comes without the trick. */
function given(tried: Tried): { has(token: string): boolean } {
  const { call, controls } = tried
  const own = [...(tried.as?.credentials ?? []), ...(tried.as?.ambient ?? [])].map(([, value]) => value)
  const url = decodeURIComponentSafe(call.url.replace(/\+/g, " "))
  const sent = normal([url, call.url, call.body ?? "", ...call.headers.flat(), ...own].join("\n"))
  const texts = new Set(controls.flatMap((answer) => readAnswer(answer).leaves.map(({ text }) => normal(text))))
  const tokens = new Set(controls.flatMap((answer) => [...readAnswer(answer).tokens.keys()]))
  return { has: (token) => sent.includes(token) || tokens.has(token) || texts.has(token) }
}

function exclusive(
  reading: Reading,
  tried: Tried,
  knowledge: Knowledge,
  counts: (token: string) => boolean,
): Evidence[] {
  const { victim, attacker, common, nobody, denials } = knowledge
  const hits = [...reading.tokens].filter(([token]) => {
    if (!victim.tokens.has(token) || !counts(token)) return false
    if (nobody.tokens.has(token) && !denials.tokens.has(token) && tried.attacker !== undefined) return false
    // What came out of the same cache before is no sight of one's own.
    const elsewhere = [...(attacker.tokens.get(token)?.routes ?? [])].some(
      (route) => !tried.contrast || route !== tried.route,
    )
    return !elsewhere && ((tried.contrast === true && tried.attacker !== undefined) || !common.tokens.has(token))
  })
  // One value that only refers to something may belong to a list that everybody shares and that nobody opened yet.
  const [only] = hits
  if (hits.length === 1 && only !== undefined && isReference(only[1].key) && !denials.tokens.has(only[0])) return []
  return hits.map(([token, leaf]) => found(token, [leaf], knowledge, tried.victim))
}

/** Systems with short ids and plain words: the same id or the same place, and at least two values that the attacker was never shown. */
function sameRecords(
  reading: Reading,
  tried: Tried,
  knowledge: Knowledge,
  counts: (token: string) => boolean,
): Evidence[] {
  const { victim, attacker, common, nobody } = knowledge
  const isNew = (text: string): boolean =>
    isWeak(text) && counts(text) && ![attacker, common, nobody].some(({ weak }) => weak.has(text))
  return reading.items.flatMap((item, index) => {
    const twin = twinOf(item, index, victim, tried.original)
    if (twin === undefined) return []
    const id = item.id === undefined ? "" : itemKey(item)
    if (id !== "" && (attacker.items.has(id) || common.items.has(id))) return []
    const equal = item.leaves.filter(
      ({ key, text }) => isNew(normal(text)) && twin.leaves.some((leaf) => leaf.key === key && leaf.text === text),
    )
    if (equal.length < 2 || equal.length * 2 < Math.min(item.leaves.length, twin.leaves.length)) return []
    return equal.map((leaf) => found(normal(leaf.text), [leaf], knowledge, tried.victim))
  })
}

function twinOf(item: Item, index: number, victim: View, original: Shown | undefined): Item | undefined {
  if (item.id !== undefined) {
    const named = victim.items.get(itemKey(item))?.item
    if (named !== undefined) return named
    return original?.reading.items.find(({ id }) => id === item.id)
  }
  const same = original?.reading.items[index]
  return same?.id === undefined && same?.leaves.length === item.leaves.length ? same : undefined
}

/** A picture or a PDF has no words to search: the same bytes are the same file. */
function sameFile({ answer, original, victim }: Tried, { attacker, nobody, common }: Knowledge): Evidence[] {
  if (original === undefined || !answer.binary || answer.bytes < 64 || answer.digest !== original.answer.digest)
    return []
  if ([attacker, nobody, common].some(({ digests }) => digests.has(answer.digest))) return []
  return [{ canary: `${victim}: the file of ${original.route}`, path: "body", sha256: answer.digest }]
}

function plantedIn({ answer, call, controls, victim }: Tried, knowledge: Knowledge, reading: Reading): Evidence[] {
  return knowledge.planted.flatMap((canary, index) => {
    if (call.url.includes(canary) || call.body?.includes(canary)) return []
    if (controls.some(({ body }) => body.includes(canary))) return []
    const leaf = reading.leaves.find(({ text }) => text.toLowerCase().includes(canary.toLowerCase()))
    if (leaf === undefined && !answer.body.includes(canary)) return []
    return [
      {
        canary: `${victim}: planted canary ${index + 1}`,
        path: leaf === undefined ? "body" : pathOf(leaf, knowledge),
        sha256: sha256(canary),
      },
    ]
  })
}

function found(token: string, leaves: readonly Leaf[], knowledge: Knowledge, name: string): Evidence {
  const { victim } = knowledge
  const leaf = leaves.find(({ text, tokens }) => normal(text) === token || tokens.includes(token))
  const first = victim.tokens.get(token) ?? victim.weak.get(token)
  const key = first === undefined ? leaf && placeOf(leaf, knowledge) : placeOf(first.leaf, knowledge)
  return {
    canary: `${name}: ${key ?? "value"}${first === undefined ? "" : ` of ${first.route}`}`,
    path: leaf === undefined ? "body" : pathOf(leaf, knowledge),
    sha256: sha256(token),
  }
}

/** The key, if it is a word of the program and no value: files without headings and objects keyed by names have others. */
function placeOf(leaf: Leaf, knowledge: Knowledge): string {
  const isTold = leaf.path.startsWith("body line") && !leaf.path.includes("$") ? /^[a-z_]\w*$/ : /./
  return isTold.test(leaf.key) && isName(leaf.key) && !isValue(leaf.key, knowledge) ? leaf.key : pathOf(leaf, knowledge)
}

function pathOf({ path }: Leaf, knowledge: Knowledge): string {
  if (!path.includes("$")) return path
  return path.replace(/(?<=\.)[A-Za-z_][\w-]*/g, (step) => (isValue(step, knowledge) ? "*" : step))
}

/** Shown to somebody as a value under another key. */
function isValue(word: string, { victim, attacker, common, nobody }: Knowledge): boolean {
  return [victim, attacker, common, nobody].some(({ values }) => values.has(normal(word)))
}

function unique(evidence: readonly Evidence[]): Evidence[] {
  return [...new Map(evidence.map((one) => [`${one.sha256} ${one.path}`, one])).values()]
}
