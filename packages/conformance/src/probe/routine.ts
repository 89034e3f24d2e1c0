import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import { labelOf, primaryKey, quoted, type Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { checkedWords } from "./checked-words.js"
import type { SampleRow } from "./facts.js"
import { holdsTenants } from "./ground.js"
import { hidden } from "./hidden.js"
import type { Pair } from "./pair.js"

const field = z.object({ name: z.string(), type: z.string(), base: z.string(), category: z.string() })

const argument = field.extend({
  optional: z.boolean(),
  /** Of an enum. */
  labels: z.array(z.string()).default([]),
  /** Of a composite type. */
  fields: z.array(field.extend({ labels: z.array(z.string()).default([]) })).default([]),
})

const routine = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  procedure: z.boolean(),
  definer: z.boolean(),
  owner: z.string(),
  ownerExempt: z.boolean(),
  language: z.string(),
  volatility: z.string(),
  source: z.string(),
  returns: z.string(),
  arguments: z.array(argument),
})

export type Routine = z.output<typeof routine>
export type Argument = z.output<typeof argument>

/** Functions and procedures that a tenant may call. */
export async function callable(actor: Actor): Promise<Routine[]> {
  return await actor.act(async () => await readRows(actor.connection, "functions.sql", routine))
}

/** Languages whose functions can only do what a transaction undoes. */
export const isUndoable = ({ language }: Routine): boolean => language === "sql" || language === "plpgsql"

export function callText(one: Routine, values: readonly string[]): string {
  const call = `${quoted(one)}(${values.join(", ")})`
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
  const lists = await Promise.all(full.map((arg) => candidates(scene, one, arg, pair, words)))
  const combined = [...product(lists).slice(0, maxCalls), ...emptied(full, lists)]
  if (needed.length === full.length) return combined
  const short = product(lists.slice(0, needed.length)).slice(0, maxCalls)
  return [...short, ...emptied(needed, lists.slice(0, needed.length)), ...combined]
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

function product(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])).slice(0, maxCalls * 4),
    [[]],
  )
}

export const tenantWord = /tenant|branch|clinic|org|hospital|practice|facility|site|account|company/i

/** What a careless EXECUTE turns into SQL. */
const injections = ["true", "false or true", "' or true --", "1=1"]

async function candidates(
  scene: Scene,
  one: Routine,
  arg: Argument,
  pair: Pair,
  words: readonly string[],
): Promise<string[]> {
  const { source } = one
  const { attacker, victim } = pair
  const typed = (text: string): string => `${quoteLiteral(text)}::${arg.type}`
  // A key that is text may be a person's.
  const isMade = /^(uuid|smallint|integer|bigint|numeric)(\[\])?$/.test(arg.base)
  const plain = ({ text, place }: RowKey): string => (isMade ? quoteLiteral(text) : hidden(text, place))
  const typedId = (id: RowKey): string => `${plain(id)}::${arg.type}`
  const [theirs, own] = [await keysOfRows(scene, arg, victim), await keysOfRows(scene, arg, attacker)]
  const keys = fits(arg, victim.keys).map(typed)
  // In turns: of two rows that a function is asked with, one may be compared and the other not.
  const ids = theirs
    .slice(0, 4)
    .flatMap((id, place) => [id, ...own.slice(place, place + 1)].slice(0, 2))
    .map(typedId)
  // One's own tenant with another's row: the tenant is compared, and the row is not.
  if (arg.labels.length > 0) return arg.labels.slice(0, 4).map(typed)
  if (arg.fields.length > 0) return await composites(scene, one, arg, pair, words)
  if (tenantWord.test(arg.name)) return [...keys, ...fits(arg, attacker.keys).map(typed), "null"].slice(0, 3)
  if (arg.base === "json" || arg.base === "jsonb") return (await documents(scene, one, pair)).map(typed)
  if (/limit|count|size|page|max|^n$/i.test(arg.name) && arg.category === "N") return [typed("1000")]
  if (/offset|skip/i.test(arg.name)) return [typed("0")]
  if (arg.category === "N" || arg.base === "uuid") return ids.length + keys.length > 0 ? [...ids, ...keys] : ["null"]
  const wild = /\bexecute\b/i.test(source.replace(/^.*\bas\b/i, "")) ? injections : []
  if (arg.category === "S")
    return [
      ...wild.map(typed),
      ...(await listedWords(scene, arg)).map(typed),
      ...words.map((word) => `${word}::${arg.type}`),
      ...ids.slice(0, 2),
      ...keys,
      typed("%"),
      typed(""),
    ]
  if (arg.category === "D") return [typed(/to|until|end|before|bis/i.test(arg.name) ? "2200-01-01" : "1900-01-01")]
  if (arg.category === "B") return ["true"]
  if (arg.category === "A" && ids.length > 0) return [`array[${theirs.map(plain).join(", ")}]::${arg.type}`]
  return [`null::${arg.type}`]
}

/** Words that a column of that name accepts: a function asked with any other refuses before it reads. */
async function listedWords(scene: Scene, { name }: Argument): Promise<string[]> {
  const asked = plainName(name)
  const found = (await checkedWords(scene)).filter(({ column }) => column.toLowerCase() === asked)
  return [...new Set(found.flatMap(({ words }) => words))].slice(0, 4)
}

const plainName = (name: string): string => name.replace(/^(p|in|v|a|arg)?_+/i, "").toLowerCase()

/** A row of the composite type, each field aimed as an argument of its own would be. */
async function composites(
  scene: Scene,
  one: Routine,
  arg: Argument,
  pair: Pair,
  words: readonly string[],
): Promise<string[]> {
  const lists = await Promise.all(
    arg.fields.map(async (part) => await candidates(scene, one, { ...part, optional: false, fields: [] }, pair, words)),
  )
  return product(lists.map((list) => list.slice(0, 6)))
    .slice(0, maxCalls)
    .map((values) => `row(${values.join(", ")})::${arg.type}`)
}

/** The argument as one document, with the members that the function's text names. */
async function documents(scene: Scene, { source }: Routine, { attacker, victim }: Pair): Promise<string[]> {
  const named = [...source.matchAll(/->>?\s*'(\w+)'/g)].flatMap(([, name]) => (name === undefined ? [] : [name]))
  const members = [...new Set(named)].slice(0, 6)
  if (members.length === 0) return ["{}"]
  const lists = await Promise.all(
    members.map(async (name) => {
      if (tenantWord.test(name)) return [...attacker.keys.slice(0, 1), ...victim.keys.slice(0, 1)]
      const number = { name, type: "bigint", base: "bigint", category: "N", optional: false, labels: [], fields: [] }
      const ids = await rowKeys(scene, number, victim)
      const uuids = await rowKeys(scene, { ...number, base: "uuid" }, victim)
      const either = /uuid/i.test(name) ? [...uuids, ...ids] : [...ids, ...uuids]
      return either.length > 0 ? either.slice(0, 4) : ["1"]
    }),
  )
  return product(lists).map((values) =>
    JSON.stringify(Object.fromEntries(members.map((name, at) => [name, values[at]]))),
  )
}

interface RowKey {
  readonly text: string
  /** `schema.table.column` */
  readonly place: string
}

/** Primary keys of the victim's rows of that type; where the argument's name names a table, of that one first. */
export async function rowKeys(
  scene: Scene,
  arg: Argument,
  victim: Actor,
  accepts: (relation: Relation) => boolean = holdsTenants,
): Promise<string[]> {
  return (await keysOfRows(scene, arg, victim, accepts)).map(({ text }) => text)
}

async function keysOfRows(
  { catalog, facts }: Scene,
  arg: Argument,
  victim: Actor,
  accepts: (relation: Relation) => boolean = holdsTenants,
): Promise<RowKey[]> {
  const element = arg.base.replace(/\[\]$/, "")
  const wanted = plainName(arg.name).replace(/_?(id|uuid|key|no)s?$/i, "")
  const found: (RowKey & { named: boolean })[] = []
  for (const relation of catalog.relations.filter((one) => holdsTenants(one) && accepts(one))) {
    const column = keyColumn(relation, element)
    if (column === undefined) continue
    const { rows } = await facts.owned(relation, victim)
    const named = wanted !== "" && relation.name.toLowerCase().includes(wanted)
    for (const row of rows.slice(0, 3))
      found.push({ named, text: textOf(row, column), place: `${labelOf(relation)}.${column}` })
  }
  const sorted = [...found.filter(({ named }) => named), ...found.filter(({ named }) => !named)]
  return sorted.filter(({ text }, place) => sorted.findIndex((other) => other.text === text) === place)
}

/** The last column of the primary key of that type: behind the tenant, the row's own. */
export function keyColumn(relation: Relation, type: string): string | undefined {
  const names = primaryKey(relation)?.columns ?? []
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column.name : ""
  const same = names.filter((name) => {
    const base = relation.columns.find((column) => column.name === name)?.base
    return name !== tenant && (base === type || (isWhole(base) && isWhole(type)))
  })
  return same.at(-1)
}

const isWhole = (type: string | undefined): boolean => type === "integer" || type === "bigint" || type === "smallint"

const textOf = ({ values }: SampleRow, column: string): string => String(values[column])

const fits = ({ base, category }: Argument, texts: readonly string[]): string[] =>
  texts.filter((text) => (category === "N" ? /^-?\d+$/.test(text) : base !== "uuid" || /^[0-9a-f-]{36}$/i.test(text)))

export const signature = (one: Routine): string =>
  `${labelOf(one)}(${one.arguments.map(({ type }) => type).join(", ")})`

export const grantee = (actor: Actor): string => quoteIdent(actor.tenant.connect.role ?? actor.login)
