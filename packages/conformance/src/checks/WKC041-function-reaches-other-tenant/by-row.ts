import { randomInt, randomUUID } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import type { Outcome } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import { type Argument, type Routine, tenantWord } from "../../probe/argument.js"
import { holdsTenants } from "../../probe/ground.js"
import type { Pair } from "../../probe/pair.js"
import { names } from "../../probe/policy-parts.js"
import { aimedArguments, callText } from "../../probe/routine.js"
import { keyColumn, rowKeys } from "../../probe/row-keys.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { type Asked, textsFor } from "./by-text.js"
import { sourceOf } from "./judging.js"

export interface ToldByRow {
  readonly attack: string
  /** The answer itself tells something; otherwise only that the row is there. */
  readonly isContent: boolean
  /** It is refused otherwise than for a row that nobody has. */
  readonly isRefused?: boolean
}

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
  for (const [place, arg] of one.arguments.entries()) {
    const asked = isRowId(arg) ? [await idsFor(scene, pair, arg, source)] : await textsFor(scene, pair, arg, source)
    for (const ids of asked.filter(({ theirs }) => theirs.length > 0)) {
      for (const values of await surroundings(scene, pair, one, place)) {
        const told = await ask(record, pair, one, ids, (id) =>
          callText(one, values.with(place, `${arg.category === "A" ? `array[${id}]` : id}::${arg.type}`)),
        )
        if (told !== undefined) return told
      }
    }
  }
  return undefined
}

/** By the function itself: of a privilege or a type that does not fit the server's own words say nothing. */
const isRefusal = (answer: string): boolean => /^error (P0|02|42501|22023|23)/.test(answer)

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
  return {
    theirs: theirs
      .filter((id) => !both.has(id))
      .slice(0, 4)
      .map(quoteLiteral),
    own: own.slice(0, 4).map(quoteLiteral),
    nobodys: nobodys.map(quoteLiteral),
    mayBeMalformed: false,
  }
}

async function nextAbove(
  { catalog, facts }: Scene,
  { base }: Argument,
  accepts: (relation: Relation) => boolean,
): Promise<string[]> {
  let most: bigint | undefined
  for (const relation of catalog.relations.filter((one) => holdsTenants(one) && accepts(one))) {
    const column = keyColumn(relation, base)
    if (column === undefined) continue
    const { rows } = await facts.ask(`select max(${quoteIdent(column)})::text as most from ${quoted(relation)}`)
    const found = rows[0]?.most
    if (typeof found === "string" && (most === undefined || BigInt(found) > most)) most = BigInt(found)
  }
  return most === undefined ? [] : [String(most + BigInt(randomInt(3, 9)))]
}

/** Where numbers begin anew in each tenant, the attacker asks about a row of its own. */
async function alsoOf(
  { catalog, facts }: Scene,
  { base }: Argument,
  attacker: Actor,
  ids: readonly string[],
  accepts: (relation: Relation) => boolean,
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const relation of catalog.relations.filter((one) => holdsTenants(one) && accepts(one))) {
    const column = keyColumn(relation, base)
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
async function sharedIds({ catalog, facts }: Scene, { base }: Argument, source: string): Promise<Set<string>> {
  const open = catalog.relations.filter(
    (one) => isTable(one) && ["global", "root", "nothing"].includes(one.tenancy.by) && names(source, one.name),
  )
  const ids = new Set<string>()
  for (const relation of open) {
    const column = keyColumn(relation, base)
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

async function ask(
  record: CheckRecord,
  { attacker, victim }: Pair,
  one: Routine,
  { theirs, own, nobodys, mayBeMalformed }: Asked,
  call: (id: string) => string,
): Promise<ToldByRow | undefined> {
  const all =
    (ids: readonly string[]) =>
    async (tx: Transaction): Promise<string[]> => {
      const answers: string[] = []
      for (const id of ids) answers.push(answerOf(await tx.attempt(call(id))))
      return answers
    }
  const meant = await victim.act(all(theirs))
  const [got, again, mine, nothing] = await attacker.act(
    async (tx): Promise<[string[], string[], string[], string[]]> => [
      await all(theirs)(tx),
      await all(theirs)(tx),
      await all(own)(tx),
      await all(nobodys)(tx),
    ],
  )
  record.probe(labelOf(one))
  if ([...got, ...mine].some((answer) => !answer.startsWith("error"))) record.control()
  const unknown = saidOfNobody(nobodys, nothing)
  if (unknown === undefined) return undefined
  const keys = [...attacker.keys, ...victim.keys].map((key) => JSON.stringify([key]))
  const told = theirs.flatMap((id, place) => {
    const answer = got[place] ?? ""
    const isTheirs = answer === meant[place] && answer === again[place] && answer !== unknown(id)
    return isTheirs && !answer.startsWith("error") && !keys.includes(answer) ? [{ id, answer }] : []
  })
  const [first] = told
  if (first === undefined) return toldApart({ theirs, got, again, mine, unknown, mayBeMalformed }, call)
  const fresh = told.find(({ answer }) => !mine.includes(answer))
  const isContent = fresh !== undefined || new Set(told.map(({ answer }) => answer)).size > 1
  return { attack: call((fresh ?? first).id), isContent }
}

interface Compared {
  readonly theirs: readonly string[]
  readonly got: readonly string[]
  readonly again: readonly string[]
  readonly mine: readonly string[]
  /** The answer about what nobody has, as it would be about this. */
  readonly unknown: (id: string) => string
  readonly mayBeMalformed: boolean
}

/** By its code or its words, it was looked for and is not there. */
const saysAbsent = (answer: string): boolean =>
  /^error (P0002|02000|23503)|not found|no such|do(es)? not exist/i.test(answer)

/**
 * Where it does not get the victim's answer: refused in another way than for a row of nobody's, or answered as for a row of its
 * own, with words around it that only it may use. Either says that the row is there.
 */
function toldApart(
  { theirs, got, again, mine, unknown, mayBeMalformed }: Compared,
  call: (id: string) => string,
): ToldByRow | undefined {
  const isApart = (id: string, place: number): boolean => got[place] !== unknown(id) && got[place] === again[place]
  const isAbout = (answer: string): boolean => isRefusal(answer) && (!mayBeMalformed || saysAbsent(answer))
  const refused = theirs.find((id, place) => isApart(id, place) && isRefusal(got[place] ?? "") && isAbout(unknown(id)))
  if (refused !== undefined) return { attack: call(refused), isContent: false, isRefused: true }
  const taken = theirs.find(
    (id, place) =>
      isApart(id, place) && !(got[place] ?? "error").startsWith("error") && mine.includes(got[place] ?? ""),
  )
  return taken === undefined ? undefined : { attack: call(taken), isContent: false }
}

/** A procedure answers with what it gives back. */
const answerOf = ({ rows, error }: Outcome): string =>
  error === undefined
    ? JSON.stringify(rows.map((row) => row.answer ?? Object.values(row)))
    : `error ${error.code} ${error.message}`

/**
 * The one answer about all that nobody has; undefined where there are several. A refusal repeats what was asked for, and is
 * compared with that in its place: taken out of the text, a short number would take digits of others along.
 */
function saidOfNobody(nobodys: readonly string[], answers: readonly string[]): ((id: string) => string) | undefined {
  const asked = (id: string): string => (/'((?:[^']|'')*)'$/.exec(id)?.[1] ?? id).replaceAll("''", "'")
  const lengths = nobodys.map((id) => asked(id).length)
  // The longest stands in no sentence by chance.
  const place = lengths.indexOf(Math.max(...lengths))
  const answer = answers[place]
  if (answer === undefined) return undefined
  const parts = answer.startsWith("error") ? answer.split(asked(nobodys[place] ?? "")) : [answer]
  const said = (id: string): string => parts.join(asked(id))
  return nobodys.every((id, at) => answers[at] === said(id)) ? said : undefined
}
