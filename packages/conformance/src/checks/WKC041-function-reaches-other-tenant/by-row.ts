import { randomInt, randomUUID } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import { type Argument, type Routine, tenantWord } from "../../probe/argument.js"
import { holdsTenants } from "../../probe/ground.js"
import { siblingsOf } from "../../probe/lookalike.js"
import type { Pair } from "../../probe/pair.js"
import { names } from "../../probe/policy-parts.js"
import { aimedArguments, callText } from "../../probe/routine.js"
import { keyColumn, meantBy, rowKeys } from "../../probe/row-keys.js"
import { unused } from "../../probe/unused.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { type Asked, ask, type ToldByRow } from "./asked.js"
import { textsFor } from "./by-text.js"
import { sourceOf } from "./judging.js"

/**
 * A number, a date or a yes is nobody's word, and cannot be searched for. So a function that runs as its owner is asked
 * about rows: of the victim by the victim and by the attacker, of the attacker, and about rows that do not exist. It
 * tells of the victim where the attacker gets the victim's answer and not the one about nothing.
 *
 * @param all what may be called, because one function may ask another
 */
export async function toldByRow(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  one: Routine,
  all: readonly Routine[],
): Promise<ToldByRow | undefined> {
  if (!one.definer) return undefined
  const source = sourceOf(one, all)
  const isKnown = record.findings.some(({ object }) => object === labelOf(one))
  for (const [place, arg] of one.arguments.entries()) {
    const asked = isRowId(arg) ? [await idsFor(scene, pair, arg, source)] : await textsFor(scene, pair, arg, source)
    for (const ids of asked.filter(({ theirs }) => theirs.length > 0)) {
      for (const values of await surroundings(scene, pair, one, place)) {
        const call = (id: string): string =>
          callText(one, values.with(place, `${arg.category === "A" ? `array[${id}]` : id}::${arg.type}`))
        const told = await ask(pair, { ...ids, isKnown }, call, (answers) => {
          record.probe(labelOf(one))
          if (answers.some((answer) => !answer.startsWith("error"))) record.control()
        })
        if (told !== undefined) return told
      }
    }
  }
  return undefined
}

/** Numbers that are no ids are counted with, and then any two tenants may get the same. */
export const isRowId = ({ name, base }: Argument): boolean =>
  /^(uuid|integer|bigint)$/.test(base) &&
  !tenantWord.test(name) &&
  !/limit|count|size|page|max|min|offset|skip|days?$|weeks?$|months?$|years?$|age$|amount|price|^n$/i.test(name)

/**
 * Those of nobody lie below and far above all others, so that what is counted from them differs, and one just above, so that
 * no limit of what a number may be lies between it and the victim's.
 */
async function idsFor(scene: Scene, { attacker, victim }: Pair, arg: Argument, source: string): Promise<Asked> {
  const isNamed = ({ name }: Relation): boolean => names(source, name)
  const shared = await sharedIds(scene, arg, source)
  const of = async (actor: Actor): Promise<string[]> =>
    (await rowKeys(scene, arg, actor, isNamed)).filter((id) => !shared.has(id))
  const far = [-randomInt(1_000, 9_000), ...[0, 1, 2].map((step) => 2_000_000_000 + 7 * step + randomInt(0, 5))]
  const nobodys =
    arg.base === "uuid" ? far.map(() => randomUUID()) : [...far.map(String), ...(await nextAbove(scene, arg, isNamed))]
  const theirs = await of(victim)
  const both = await alsoOf(scene, arg, attacker, theirs, isNamed)
  const own = (await of(attacker)).filter((id) => !theirs.includes(id))
  const asked = theirs.filter((id) => !both.has(id)).slice(0, 4)
  return {
    theirs: asked.map(quoteLiteral),
    own: own.slice(0, 4).map(quoteLiteral),
    nobodys: nobodys.map(quoteLiteral),
    printable: nobodys.slice(-1).map(quoteLiteral),
    kinds: 1,
    siblings: async (place) => {
      const made = arg.base === "uuid" ? [] : siblingsOf(asked[place] ?? "")
      return ((await unused(scene, source, made)) ?? []).map(quoteLiteral)
    },
  }
}

async function nextAbove(
  { catalog, facts }: Scene,
  arg: Argument,
  accepts: (relation: Relation) => boolean,
): Promise<string[]> {
  let most: bigint | undefined
  for (const relation of catalog.relations.filter((one) => holdsTenants(one) && accepts(one))) {
    const column = keyColumn(relation, arg.base, meantBy(arg))
    if (column === undefined) continue
    const { rows } = await facts.ask(`select max(${quoteIdent(column)})::text as most from ${quoted(relation)}`)
    const found = rows[0]?.most
    if (typeof found === "string" && (most === undefined || BigInt(found) > most)) most = BigInt(found)
  }
  return most === undefined ? [] : [String(most + BigInt(randomInt(3, 9)))]
}

/** Where numbers begin anew in each tenant, or below each number of its own, the attacker asks about a row of its own. */
async function alsoOf(
  { catalog, facts }: Scene,
  arg: Argument,
  attacker: Actor,
  ids: readonly string[],
  accepts: (relation: Relation) => boolean,
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const relation of catalog.relations.filter((one) => holdsTenants(one) && accepts(one))) {
    const column = keyColumn(relation, arg.base, meantBy(arg))
    if (column === undefined) continue
    const id = `wk_row.${quoteIdent(column)}::text`
    const { rows, error } = await facts.ask(
      `select distinct ${id} as id from ${quoted(relation)} as wk_row where ${id} = any ($1) and ${belongsTo(relation, "wk_row", attacker.keys)}`,
      [[...ids]],
    )
    // What cannot be known is not asked.
    for (const one of error === undefined ? rows.map((row) => String(row.id)) : ids) found.add(one)
  }
  return found
}

/** A number that is also one of a list of drugs or branches may be meant as that. */
async function sharedIds({ catalog, facts }: Scene, arg: Argument, source: string): Promise<Set<string>> {
  const open = catalog.relations.filter(
    (one) => isTable(one) && ["global", "root", "nothing"].includes(one.tenancy.by) && names(source, one.name),
  )
  const ids = new Set<string>()
  for (const relation of open) {
    const column = keyColumn(relation, arg.base, meantBy(arg))
    if (column === undefined) continue
    const { rows } = await facts.ask(`select ${quoteIdent(column)}::text as id from ${quoted(relation)} limit 10000`)
    for (const { id } of rows) ids.add(String(id))
  }
  return ids
}

/** The other arguments, in at most three ways. */
export async function surroundings(scene: Scene, pair: Pair, one: Routine, place: number): Promise<string[][]> {
  const lists = (await aimedArguments(scene, one, pair, [])).filter((values) => values.length > place)
  const rest = new Map(lists.map((values) => [JSON.stringify(values.with(place, "")), values]))
  return [...rest.values()].slice(0, 3)
}
