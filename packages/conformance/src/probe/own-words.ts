import { type Outcome, tellingText } from "../database/outcome.js"
import type { Scene } from "../run/check.js"
import { actionsOf } from "./actions.js"
import type { Excuse } from "./excuse.js"
import type { Pair } from "./pair.js"
import { names } from "./policy-parts.js"
import { callable, callableBy } from "./routine.js"
import { type Hit, knownWords } from "./words.js"

interface Text {
  /** Of the function or view, or of the table on which it acts. */
  readonly name: string
  readonly source: string
}

const known = new WeakMap<Scene["catalog"], Promise<Text[]>>()

/**
 * A value of the victim's in an answer that the function or view does not give by its own text, nor by that of what it names:
 * a note that says "changed" is not in "the state was changed".
 *
 * @param source of what answered
 * @param excuse for a word that is no finding
 */
export async function toldWords(
  scene: Scene,
  pair: Pair,
  source: string,
  answer: string,
  asked: readonly string[] = [],
  excuse?: Excuse,
): Promise<Hit | undefined> {
  const hit = await knownWords(scene, pair, answer, asked, excuse)
  if (hit === undefined) return undefined
  return await knownWords(scene, pair, answer, [...asked, ...(await ownTexts(scene, pair, source))], excuse)
}

/** The same in whatever came back. What it was asked with does not count as an answer. */
export async function toldBeyondAsked(
  scene: Scene,
  pair: Pair,
  source: string,
  attack: string,
  outcome: Outcome,
  excuse?: Excuse,
): Promise<Hit | undefined> {
  // Of a word that only its first letters were asked with, the rest is an answer.
  const asked = [...attack.replace(/\bleft\(.*?, \d+\)/g, "").matchAll(/'((?:[^']|'')*)'/g)]
    .map(([, text]) => (text ?? "").replaceAll("''", "'"))
    .filter((text) => text.length > 5)
  const answer = asked.reduce((text, word) => text.replaceAll(word, ""), tellingText(outcome))
  return await toldWords(scene, pair, source, answer, asked, excuse)
}

/** The name of a table and the texts of what names it, which may have written their own words there. */
export async function textsNaming(scene: Scene, pair: Pair, table: string): Promise<string> {
  const naming = (await textsOf(scene, pair)).filter(({ name, source }) => name === table || names(source, table))
  return [table, ...naming.map(({ source }) => source)].join("\n")
}

const reached = new WeakMap<Scene["catalog"], Map<string, Promise<string[]>>>()

/** The text, and those of functions, views, triggers and rules that it names, and so on. Found once for each: it is asked row by row. */
export async function ownTexts(scene: Scene, pair: Pair, source: string): Promise<string[]> {
  const bySource = reached.get(scene.catalog) ?? new Map<string, Promise<string[]>>()
  reached.set(scene.catalog, bySource)
  const found = bySource.get(source) ?? reachedFrom(scene, pair, source)
  bySource.set(source, found)
  return await found
}

async function reachedFrom(scene: Scene, pair: Pair, source: string): Promise<string[]> {
  const found = [source]
  let left = await textsOf(scene, pair)
  for (let at = 0; at < found.length; at++) {
    const text = found[at] ?? ""
    const called = left.filter(({ name }) => names(text, name))
    left = left.filter((one) => !called.includes(one))
    found.push(...called.map((one) => one.source))
  }
  return found
}

async function textsOf(scene: Scene, { attacker }: Pair): Promise<Text[]> {
  const texts = known.get(scene.catalog) ?? readTexts(scene, attacker)
  known.set(scene.catalog, texts)
  return await texts
}

/** What the reader may call is more than what a tenant may, where it is not a login of its own. */
async function readTexts(scene: Scene, attacker: Pair["attacker"]): Promise<Text[]> {
  const acting = (await actionsOf(scene)).flatMap(({ relation, source }) => {
    const table = scene.catalog.byOid(relation)
    return table === undefined ? [] : [{ name: table.name, source }]
  })
  const views = await scene.facts.ask(
    "select relname as name, pg_catalog.pg_get_viewdef(oid) as source from pg_catalog.pg_class where oid = any ($1::oid[]) and relkind in ('v', 'm')",
    [scene.catalog.relations.map(({ oid }) => oid)],
  )
  const shown = views.rows.map(({ name, source }) => ({ name: String(name), source: String(source) }))
  return [...(await callableBy(scene.reader)), ...(await callable(attacker)), ...shown, ...acting]
}
