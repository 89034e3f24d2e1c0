import { labelOf } from "../../catalog/relation.js"
import { tellingText } from "../../database/outcome.js"
import type { Argument, Routine } from "../../probe/argument.js"
import { isHanded } from "../../probe/handed.js"
import { hidden } from "../../probe/hidden.js"
import { toldWords } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { aimedArguments, callable, callText, grantee, isUndoable, signature } from "../../probe/routine.js"
import { plainName } from "../../probe/row-keys.js"
import { type Word, wordsOf } from "../../probe/words.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/** Functions of each kind, calls of one that gives, and words that a call is made of. */
const limits = { functions: 12, calls: 6, words: 3 }

export const probe = defineProbe({
  code: "WKC110",
  title: "What one function gives opens another tenant's row in another",
  severity: "leak",
  cwe: "CWE-862",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    for (const pair of scene.pairs) {
      const all = (await callable(pair.attacker)).filter((one) => isUndoable(one) && !one.procedure)
      for (const giver of all.filter(gives).slice(0, limits.functions)) {
        const takers = all.filter((one) => one !== giver && one.definer && placesFor(giver, one).length > 0)
        scene.step(labelOf(giver))
        if (takers.length > 0) await carry(scene, record, pair, giver, takers.slice(0, limits.functions))
      }
    }
  },
})

/** One value of its own making, made of what it is asked with: no number of a row, with which WKC041 asks by itself. */
const gives = ({ definer, returns, arguments: args }: Routine): boolean =>
  definer && args.length > 0 && /^(text|character varying|uuid|bytea)$/.test(returns)

/** Where the other one takes a value of that type, beside something else that says which row is meant, or by itself. */
const placesFor = ({ returns }: Routine, { arguments: args }: Routine): number[] =>
  args.flatMap(({ type, out }, place) => (!out && isSame(type, returns) ? [place] : []))

const isSame = (one: string, other: string): boolean => one === other || (isText(one) && isText(other))
const isText = (type: string): boolean => type === "text" || type === "character varying"

/** A way that was gone: what was asked, and what came of it. */
interface Carried {
  readonly statements: readonly string[]
  /** What gives, and the same calls without what it gave. */
  readonly without: readonly string[]
  readonly asked: readonly string[]
  readonly text: string
  readonly taker: Routine
}

async function carry(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  giver: Routine,
  takers: readonly Routine[],
): Promise<void> {
  const { attacker, victim } = pair
  const own: Pair = { attacker: victim, victim: attacker }
  const [foreign, mine] = [
    await ways(scene, pair, attacker, giver, takers),
    await ways(scene, own, attacker, giver, takers),
  ]
  let opened = 0
  for (const { taker, text, asked } of mine)
    if ((await toldWords(scene, own, taker.source, text, asked)) !== undefined) opened += 1
  // Two functions that happen to give and take a text are no way from one to the other.
  if (opened === 0 && mine.length > 0)
    record.leftOut(signature(giver), "what it gives opened nothing elsewhere, not even a row of one's own")
  if (opened > 0) {
    record.probe(labelOf(giver))
    record.control()
  }
  for (const { taker, text, asked, statements, without } of foreign) {
    const hit = await toldWords(scene, pair, `${giver.source}\n${taker.source}`, text, asked)
    if (hit === undefined || (await opensAnyway(scene, pair, without, taker, asked))) continue
    record.probe(labelOf(giver))
    return record.found({
      object: labelOf(giver),
      message: `${signature(giver)} gives tenant ${attacker.name} what opens a row of tenant ${victim.name} in ${signature(taker)}.`,
      evidence: `with its answer ${labelOf(taker)} showed tenant ${attacker.name} a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`,
      replay: attacker.replay(...statements),
      fix: `Let ${signature(giver)} refuse what is not of the tenant that asks, and ${signature(taker)} compare the tenant as well; revoke execute on function ${signature(giver)} from public, ${grantee(attacker)}.`,
    })
  }
}

/** What is given stays in the transaction, so that a replay never prints it. */
async function ways(
  scene: Scene,
  pair: Pair,
  actor: Pair["attacker"],
  giver: Routine,
  takers: readonly Routine[],
): Promise<Carried[]> {
  const isOwn = actor === pair.victim
  const words = (await wordsFor(scene, pair, giver)).filter(({ column }) => isOwn || !isHanded(column))
  const texts = words.slice(0, limits.words).map(({ text, place }) => hidden(text, place))
  const lists = (await askingWith(scene, pair, giver, texts)).filter((values) => isOwn || !values.some(isHandedOver))
  return await actor.act(async (tx) => {
    const found: Carried[] = []
    for (const values of lists) {
      const asked = values.flatMap((value) =>
        [...value.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = ""]) => text.replaceAll("''", "'")),
      )
      const give = `select set_config('${kept}', (${plainCall(giver, values)})::text, true) is not null as given`
      await tx.undone(async () => {
        const given = await tx.keep(give)
        if (given.error !== undefined || given.rows.length !== 1) return
        const answer = String((await tx.attempt(`select current_setting('${kept}') as answer`)).rows[0]?.answer ?? "")
        if (answer === "") return
        for (const taker of takers) {
          for (const place of placesFor(giver, taker)) {
            const taking = (what: string): string => callText(taker, beside(taker, giver, values, place, what))
            const call = taking(`current_setting('${kept}')::${giver.returns}`)
            const nothing = [`null::${giver.returns}`]
            if (isText(giver.returns)) nothing.push(`reverse(current_setting('${kept}'))`)
            found.push({
              statements: [give, call],
              without: [give, ...nothing.map(taking)],
              asked: [...asked, answer],
              text: tellingText(await tx.attempt(call)),
              taker,
            })
          }
        }
      })
    }
    return found
  })
}

/** Where what was given stands until the transaction ends: a second statement sees what the first one wrote down. */
const kept = "wk.given"

const plainCall = (giver: Routine, values: readonly string[]): string =>
  callText(giver, values).replace(/^select (.*) as answer limit 200$/s, "$1")

/** A code or a password of the victim's is handed to one person: whoever has it was given it, and may open with it. */
const isHandedOver = (value: string): boolean => {
  const [, column] = /\/\*wk [\w ]*\.[\w ]*\.([\w ]*)\*\//.exec(value) ?? []
  return column !== undefined && isHanded(column)
}

/** What opens without it is the other function's own fault, and found by WKC041. */
async function opensAnyway(
  scene: Scene,
  pair: Pair,
  calls: readonly string[],
  taker: Routine,
  asked: readonly string[],
): Promise<boolean> {
  const [give = "", ...others] = calls
  const answers = await pair.attacker.act(async (tx) => {
    await tx.keep(give)
    const all: string[] = []
    for (const call of others) all.push(tellingText(await tx.attempt(call)))
    return all.join("\n")
  })
  return (await toldWords(scene, pair, taker.source, answers, asked)) !== undefined
}

/** Words of columns that are called like an argument first: a path is asked for with a path. */
async function wordsFor(scene: Scene, pair: Pair, giver: Routine): Promise<Word[]> {
  const called = (word: Word): boolean =>
    giver.arguments.some(({ name }) => plainName(name) === word.column.toLowerCase())
  const all = await wordsOf(scene, pair)
  return [...all.filter(called), ...all.filter((word) => !called(word))]
}

async function askingWith(scene: Scene, pair: Pair, giver: Routine, words: readonly string[]): Promise<string[][]> {
  const plain = giver.arguments.filter(({ optional }) => !optional)
  const isOneText = plain.length === 1 && isText(plain[0]?.type ?? "")
  const first = isOneText ? words.map((word) => [`${word}::${plain[0]?.type ?? "text"}`]) : []
  const aimed = (await aimedArguments(scene, giver, pair, words)).filter((values) => !isNothing(values))
  return [...first, ...aimed].slice(0, limits.calls)
}

const isNothing = (values: readonly string[]): boolean => values.every((value) => /^(null|'%?')::/.test(value))

/** What was given in its place; elsewhere what the giver was asked with, by name and else by type. */
function beside(taker: Routine, giver: Routine, values: readonly string[], place: number, inner: string): string[] {
  const meant = (arg: Argument): string | undefined => {
    const named = giver.arguments.findIndex(({ name }) => plainName(name) === plainName(arg.name))
    const typed = giver.arguments.findIndex(({ type }) => isSame(type, arg.type))
    const at = named === -1 ? typed : named
    return at === -1 ? undefined : values[at]
  }
  return taker.arguments.map((arg, at) => (at === place ? `(${inner})` : (meant(arg) ?? `null::${arg.type}`)))
}
