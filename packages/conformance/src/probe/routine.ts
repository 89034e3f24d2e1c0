import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { readRows } from "../catalog/catalog.js"
import { labelOf, quoted } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Connection } from "../database/connection.js"
import { eachInTurn } from "../database/each-in-turn.js"
import type { Scene } from "../run/check.js"
import { amongOwn, holdsDocuments } from "./among-own.js"
import { type Argument, isTextList, plainArgument, product, type Routine, routine } from "./argument.js"
import { checkedWords } from "./checked-words.js"
import { documents } from "./documents.js"
import { everything, namesOfTenant, ownAmounts, partsOfDays } from "./everything.js"
import { exchanged } from "./exchanged.js"
import { executed, executedColumns } from "./executed.js"
import { guessable } from "./guessable.js"
import { hidden } from "./hidden.js"
import { injected } from "./injected.js"
import { likeRows } from "./like-rows.js"
import type { Pair } from "./pair.js"
import { recordDocuments } from "./record-documents.js"
import { keysOfRows, plainName, type RowKey, storedKeys } from "./row-keys.js"
import { schemaLists, schemasOf } from "./schemas-of.js"
import { isTenantName, scopes } from "./scopes.js"

/** Functions and procedures that a tenant may call. */
export async function callable(actor: Actor): Promise<Routine[]> {
  return await actor.look(async (_, connection) => await callableBy(connection))
}

/** Those that the login of a session may call. */
export const callableBy = async (connection: Connection): Promise<Routine[]> =>
  await readRows(connection, "functions.sql", routine)

/** Languages whose functions can only do what a transaction undoes. */
export const isUndoable = ({ language }: Routine): boolean => language === "sql" || language === "plpgsql"

export function callText(one: Routine, values: readonly string[]): string {
  const given = values.map((value, place) => (one.arguments[place]?.variadic ? `variadic ${value}` : value))
  const call = `${quoted(one)}(${given.join(", ")})`
  return one.procedure ? `call ${call}` : `select ${call} as answer limit 200`
}

/** Most calls per function. */
const maxCalls = 24

/** Argument lists that aim at the victim's rows: its keys, its rows' keys, these words, which are SQL already. */
export async function aimedArguments(
  scene: Scene,
  one: Routine,
  pair: Pair,
  words: readonly string[],
): Promise<string[][]> {
  const needed = one.arguments.filter(({ optional }) => !optional)
  const full = one.arguments
  // One after the other: what they ask for shares the reader's session.
  const lists: string[][] = []
  for (const arg of full) lists.push(await candidates(scene, one, arg, pair, words))
  const written = await injected(scene, one, pair, lists)
  const liked = await likeRows(scene, one, pair, lists)
  const made = [
    ...(await ownedKeys(scene, full, pair)),
    ...product(lists).slice(0, maxCalls),
    ...emptied(full, lists),
    ...(await amongOwn(scene, one, pair, lists)),
  ]
  if (needed.length === full.length) return [...written, ...liked, ...made]
  const short = product(lists.slice(0, needed.length)).slice(0, maxCalls)
  // Like a row first: of all these, some checks take only the first ones as words around the one that they ask about.
  return [...liked, ...short, ...emptied(needed, lists.slice(0, needed.length)), ...written, ...made]
}

/** The victim's key in one place and keys of its rows in all others, whatever the arguments are called. */
async function ownedKeys(scene: Scene, args: readonly Argument[], { victim }: Pair): Promise<string[][]> {
  if (args.length < 2 || args.length > 4 || args.some(({ fields, out }) => out || fields.length > 0)) return []
  const rows = await eachInTurn(args, async (arg) => (await keysOfRows(scene, arg, victim)).slice(0, 2))
  const found: string[][] = []
  for (const [place, arg] of args.entries()) {
    const [key] = fits(arg, victim.keys)
    if (key === undefined || !/^[SNU]$/.test(arg.category)) continue
    for (const which of [0, 1]) {
      const values = args.map(({ type }, at) => {
        const row = rows[at]?.[which]
        if (at === place) return `${quoteLiteral(key)}::${type}`
        return row && `${hidden(row.text, row.place)}::${type}`
      })
      if (values.every((value) => value !== undefined)) found.push(values)
    }
  }
  return found
}

/** An empty search box: nothing at all, then nothing in one place, nothing but one, and texts that match everything. */
function emptied(args: readonly Argument[], lists: readonly (readonly string[])[]): string[][] {
  if (args.length === 0) return []
  const nothing = args.map(({ type }) => `null::${type}`)
  const usual = lists.map(([first], place) => first ?? nothing[place] ?? "null")
  const places = args.length > 1 ? args.map((_, place) => place).slice(0, 6) : []
  const texts = args.some(({ category }) => category === "S") ? ["''", "'%'"] : []
  return [
    nothing,
    ...places.map((place) => usual.with(place, nothing[place] ?? "null")),
    ...places.map((place) => nothing.with(place, usual[place] ?? "null")),
    ...texts.map((text) => args.map(({ category, type }) => `${category === "S" ? text : "null"}::${type}`)),
  ]
}

async function candidates(
  scene: Scene,
  one: Routine,
  arg: Argument,
  pair: Pair,
  words: readonly string[],
): Promise<string[]> {
  const { attacker, victim } = pair
  const typed = (text: string): string => `${quoteLiteral(text)}::${arg.type}`
  // A key that is text may be a person's.
  const isMade = /^(uuid|smallint|integer|bigint|numeric)(\[\])?$/.test(arg.base)
  const plain = ({ text, place }: RowKey): string => (isMade ? quoteLiteral(text) : hidden(text, place))
  const typedId = (id: RowKey): string => `${plain(id)}::${arg.type}`
  const [theirs, own] = [await keysOfRows(scene, arg, victim), await keysOfRows(scene, arg, attacker)]
  const keys = fits(arg, victim.keys).map(typed)
  // In turns: of two rows that a function is asked with, one may be compared and the other not.
  const amounts = /^(numeric|real|double precision|money)$/.test(arg.base)
    ? (await ownAmounts(scene, one.source, attacker)).map((value) => `${value}::${arg.type}`)
    : []
  const ids = theirs
    .slice(0, 4)
    .flatMap((id, place) => [id, ...own.slice(place, place + 1)].slice(0, 2))
    .map(typedId)
  // One's own tenant with another's row: the tenant is compared, and the row is not.
  if (arg.out) return [`null::${arg.type}`]
  if (arg.labels.length > 0) {
    return arg.category === "A"
      ? [`array[${arg.labels.map(quoteLiteral).join(", ")}]::${arg.type}`]
      : arg.labels.slice(0, 4).map(typed)
  }
  if (arg.fields.length > 0) return await composites(scene, one, arg, pair, words)
  const whole = await everything(scene, one, arg, victim)
  if (whole !== undefined) return whole
  const places =
    arg.category === "S" || arg.base === "regnamespace" ? (await placesOf(scene, one, arg, pair)).map(typed) : []
  const several = scopes(arg, one, pair)
  if (isTenantName(scene, arg.name))
    return [
      ...several,
      ...places,
      ...(arg.category === "S"
        ? (await namesOfTenant(scene, one.source, victim)).map((value) => `${value}::${arg.type}`)
        : []),
      // A key is no list of keys.
      ...(arg.category === "A" ? ["null"] : [...keys, ...fits(arg, attacker.keys).map(typed), "null"].slice(0, 3)),
    ]
  if (arg.base === "regnamespace") return places
  const made = holdsDocuments(one, arg) ? await documentsFor(scene, one, arg, pair) : []
  if (made.length > 0 && arg.category !== "S") return made
  if (/limit|count|size|page|max|^n$/i.test(arg.name) && arg.category === "N") return [typed("1000")]
  if (/offset|skip/i.test(arg.name)) return [typed("0")]
  if (arg.category === "N" && isSpan(arg.name))
    return [...(await partsOfDays(scene, one, arg, victim)), ...["5", "0", "30", "1", "365", "-1"].map(typed)]
  // Above all others: what is counted up to it must grow.
  const high = /^(integer|bigint|numeric)$/.test(arg.base) ? [typed("2000000")] : []
  if (arg.category === "N" || arg.base === "uuid")
    return ids.length + keys.length + amounts.length > 0 ? [...amounts, ...ids, ...keys, ...high] : ["null", ...high]
  // First a few: where a text may be either, words are asked too.
  if (arg.category === "S")
    return [...made.slice(0, maxCalls / 3), ...(await texts(scene, one, arg, pair, { words, ids, keys, places }))]
  if (arg.category === "B") return ["true", "false"]
  if (arg.category === "A" && ids.length > 0) {
    const list = (keys: readonly RowKey[]): string => `array[${keys.map(plain).join(", ")}]::${arg.type}`
    // Where one of them opens the list, the others come along.
    return [list(theirs), ...(own.length > 0 ? [list([...own.slice(0, 3), ...theirs])] : []), ...several]
  }
  if (arg.category === "A" && isTextList(arg)) {
    const element = { ...arg, type: arg.type.replace(/\[\]$/, ""), base: "text", category: "S", variadic: false }
    const each = await candidates(scene, one, element, pair, words)
    const columns = executedColumns(scene, one).map((names) => names.map(quoteLiteral).join(", "))
    const places = (await schemaLists(scene, pair)).map((names) => names.map(quoteLiteral).join(", "))
    return [...places, ...columns, ...(each.length > 0 ? [each.slice(0, listLimit).join(", ")] : [])].map(
      (list) => `array[${list}]::${arg.type}`,
    )
  }
  if (several.length > 0) return several
  return [`null::${arg.type}`]
}

/** Where the victim's rows lie, and what follows the last underscore of that: `praxis_%s` is told `12`. */
async function placesOf(scene: Scene, { source }: Routine, { base }: Argument, pair: Pair): Promise<string[]> {
  const schemas = await schemasOf(scene, pair)
  if (base === "regnamespace" || !/\bexecute\b/i.test(source)) return schemas
  return [...schemas, ...schemas.flatMap((name) => (name.includes("_") ? [name.slice(name.lastIndexOf("_") + 1)] : []))]
}

/** Those that are like rows first; of an array, with one in it. */
async function documentsFor(scene: Scene, one: Routine, { category, type }: Argument, pair: Pair): Promise<string[]> {
  const rows = (await recordDocuments(scene, one, pair)).slice(0, maxCalls / 2)
  const made = [...rows, ...(await documents(scene, one, pair)).map(quoteLiteral)]
  return made.map((sql) => (category === "A" ? `array[${sql}]::${type}` : `${sql}::${type}`))
}

interface Aimed {
  readonly words: readonly string[]
  readonly ids: readonly string[]
  readonly keys: readonly string[]
  readonly places: readonly string[]
}

/** What a text may be: a name, a word, a code, a month, the beginning of one. */
async function texts(
  scene: Scene,
  one: Routine,
  arg: Argument,
  pair: Pair,
  { words, ids, keys, places }: Aimed,
): Promise<string[]> {
  const { source } = one
  const typed = (text: string): string => `${quoteLiteral(text)}::${arg.type}`
  const nothing = one.arguments.filter(({ optional }) => !optional).map(({ type }) => `null::${type}`)
  const given = await exchanged(one, pair, callText(one, nothing))
  const cast = (values: readonly string[]): string[] => values.map((value) => `${value}::${arg.type}`)
  return [
    ...places,
    ...executed(scene, one).map(typed),
    ...(await listedWords(scene, arg)).map(typed),
    ...cast((await storedKeys(scene, source, ({ category }) => category === "S")).slice(0, 6)),
    ...(await partsOfDays(scene, one, arg, pair.victim)),
    ...cast(await namesOfTenant(scene, source, pair.victim)),
    ...cast(beginnings(one, words)),
    ...cast(words),
    ...cast(given),
    ...cast(await guessable(scene, one, pair)),
    ...ids.slice(0, 2),
    ...keys,
    typed("%"),
    typed(""),
  ]
}

/** Values in one list. */
const listLimit = 40

/** Most searches ask for three letters at least. */
const begunLetters = 3

/** Of whole words, for a search that answers from a few letters on, and with more than it was asked for. */
const beginnings = ({ source }: Routine, words: readonly string[]): string[] =>
  /\blike\b|~|starts_with|\bleft\b|substr|similar/i.test(source)
    ? words.slice(0, 2).map((word) => `left(${word}, ${begunLetters})`)
    : []

/** A time counted in units, as retention has it: neither so short that it is refused nor so long that it leaves nothing. */
const isSpan = (name: string): boolean => /(^|_)(years?|months?|weeks?|days?|hours?|minutes?|age)($|_)/i.test(name)

/** Words that a column of that name accepts: a function asked with any other refuses before it reads. */
async function listedWords(scene: Scene, { name }: Argument): Promise<string[]> {
  const asked = plainName(name)
  const found = (await checkedWords(scene)).filter(({ column }) => column.toLowerCase() === asked)
  return [...new Set(found.flatMap(({ words }) => words))].slice(0, 4)
}

/** A row of the composite type, each field aimed as an argument of its own would be. */
async function composites(
  scene: Scene,
  one: Routine,
  arg: Argument,
  pair: Pair,
  words: readonly string[],
): Promise<string[]> {
  const lists: string[][] = []
  for (const part of arg.fields) lists.push(await candidates(scene, one, { ...part, ...plainArgument }, pair, words))
  const rows = product(lists.map((list) => list.slice(0, 6))).slice(0, maxCalls)
  if (arg.category !== "A") return rows.map((values) => `row(${values.join(", ")})::${arg.type}`)
  return [`array[${rows.map((values) => `row(${values.join(", ")})`).join(", ")}]::${arg.type}`]
}

const fits = ({ base, category }: Argument, texts: readonly string[]): string[] =>
  texts.filter((text) => (category === "N" ? /^-?\d+$/.test(text) : base !== "uuid" || /^[0-9a-f-]{36}$/i.test(text)))

export const signature = (one: Routine): string =>
  `${labelOf(one)}(${one.arguments.map(({ type }) => type).join(", ")})`

export const grantee = (actor: Actor): string => quoteIdent(actor.tenant.connect.role ?? actor.login)
