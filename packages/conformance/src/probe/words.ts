import { createHash } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { columnOf, isTable, labelOf, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import type { Excuse } from "./excuse.js"
import type { SampleRow } from "./facts.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"

export interface Hit {
  /** Something else of the same row stands in the text too; or the row's own id, a UUID, which is nobody's by chance. */
  readonly isCopy: boolean
  /** `schema.table.column` that the value comes from. */
  readonly place: string
  /** First 16 digits of its SHA-256: the value itself is never shown. */
  readonly hash: string
}

export interface Word {
  readonly relation: Relation
  readonly column: string
  /** `schema.table.column` */
  readonly place: string
  readonly text: string
  /** A UUID by which the row itself is known. */
  readonly isId: boolean
  /** What else the row says, to tell a copy of it from a word by chance. */
  readonly beside: readonly string[]
}

/** A value in the text that the victim has and that the attacker has from nowhere else, least of all from its question. */
export async function knownWords(
  scene: Scene,
  pair: Pair,
  text: string,
  asked: readonly string[] = [],
  excuse?: Excuse,
): Promise<Hit | undefined> {
  if (text === "") return undefined
  const questions = asked.flatMap(spellings)
  for (const word of await wordsOf(scene, pair)) {
    if (!text.includes(word.text)) continue
    if (questions.some((question) => question.includes(word.text.toLowerCase()))) continue
    if (!(await isOnlyTheirsOnce(scene, pair, word))) continue
    if ((await excuse?.(word, text)) === true) continue
    const isCopy = word.isId || word.beside.some((other) => text.includes(other))
    return { isCopy, place: word.place, hash: hashOf(word.text) }
  }
  return undefined
}

/** As it was asked, and as a short name or an address is made of it. */
const spellings = (text: string): string[] =>
  [text, ...["-", "_", ""].map((between) => text.replace(/[^\p{L}\p{N}]+/gu, between))].map((one) => one.toLowerCase())

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16)

const known = new WeakMap<Actor, Promise<Word[]>>()

/** Values that are long enough to be nobody else's by chance. */
export async function wordsOf(scene: Scene, { victim }: Pair): Promise<Word[]> {
  const words = known.get(victim) ?? readWords(scene, victim)
  known.set(victim, words)
  return await words
}

async function readWords({ catalog, facts }: Scene, victim: Actor): Promise<Word[]> {
  const words: Word[] = []
  for (const relation of catalog.relations.filter(holdsTenants)) {
    const { rows } = await facts.owned(relation, victim)
    for (const row of rows) {
      for (const { name, category, base, enum: isEnum } of relation.columns) {
        const usable = (category === "S" && !isEnum) || base === "uuid" || base === "jsonb"
        const place = `${labelOf(relation)}.${name}`
        const beside = usable ? besides(relation, row.values, name) : []
        const isId = base === "uuid" && isOwnId(relation, name)
        for (const text of usable ? textsIn(row.values[name]) : [])
          words.push({ relation, column: name, place, text, isId, beside })
      }
    }
  }
  return words
}

/** Of the primary key, and no reference to something else. */
const isOwnId = ({ keys }: Relation, name: string): boolean =>
  keys.some(({ kind, columns }) => kind === "p" && columns.includes(name)) &&
  !keys.some(({ kind, columns }) => kind === "f" && columns.includes(name))

/** A text, or those that stand in a document. What the server writes differently as JSON is left out: it would not be found. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return isTelling(value) ? [value] : []
  if (typeof value !== "object" || value === null) return []
  return Object.values(value)
    .flatMap(textsIn)
    .filter((text) => JSON.stringify(text) === `"${text}"`)
    .slice(0, 5)
}

/** Values of four characters and more that are no reference to a list of words. */
function besides({ keys }: Relation, values: SampleRow["values"], except: string): string[] {
  const foreign = new Set(keys.filter(({ kind }) => kind === "f").flatMap(({ columns }) => columns))
  return Object.entries(values)
    .filter(([name, value]) => name !== except && !foreign.has(name) && value !== null)
    .map(([, value]) => String(value))
    .filter((text) => text.length >= 4)
}

const isTelling = (text: string): boolean => text.length >= 6 && new Set(text).size >= 4

const onlyTheirs = new WeakMap<Word, Promise<boolean>>()

export async function isOnlyTheirsOnce(scene: Scene, pair: Pair, word: Word): Promise<boolean> {
  const answer = onlyTheirs.get(word) ?? isOnlyTheirs(scene, pair, word)
  onlyTheirs.set(word, answer)
  return await answer
}

/**
 * Not in the attacker's rows, not even inside a longer value, no tenant's key, which may stand in another's row as the one
 * with whom it is shared, and not in what everybody may read.
 */
async function isOnlyTheirs(
  { facts, catalog, pairs }: Scene,
  { attacker, victim }: Pair,
  { relation, column, text }: Word,
): Promise<boolean> {
  if (pairs.some((pair) => pair.victim.keys.includes(text) || pair.attacker.keys.includes(text))) return false
  const same = `strpos(wk_row.${quoteIdent(column)}::text, ${quoteLiteral(text)}) > 0`
  // Where each tenant has a schema, its rows are in a table of the same name.
  const alike = catalog.relations.filter(
    (one) => one === relation || (one.name === relation.name && holdsTenants(one) && columnOf(one, column)),
  )
  for (const one of alike) {
    const own = await facts.ask(
      `select from ${quoted(one)} as wk_row where ${same} and (${belongsTo(one, "wk_row", victim.keys)}) is not true limit 1`,
    )
    if (own.error !== undefined || own.rows.length > 0) return false
  }
  const open = catalog.relations.filter(
    (other) => isTable(other) && (other.tenancy.by === "global" || other.tenancy.by === "root"),
  )
  for (const other of open) {
    const { rows, error } = await facts.ask(
      `select from ${quoted(other)} as wk_row where strpos(wk_row::text, ${quoteLiteral(text)}) > 0 limit 1`,
    )
    if (error !== undefined || rows.length > 0) return false
  }
  return attacker.name !== victim.name
}
